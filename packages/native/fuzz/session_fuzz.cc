// Fuzzes a whole session: bytes go through a socket into a real loop, with framing, parsing, every message handler, validation and the
// share log behind it. The first byte says whether the session has logged in before, and how the rest is cut into packets.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "stratum/loop.h"

using namespace otedama;
using namespace otedama::stratum;

namespace {

Options fuzz_options() {
  Options options;
  options.threads = 1;
  options.version_mask = 0x1fffe000;
  options.ack_durable = false;
  options.initial_difficulty = 1e-10;
  options.vardiff = {true, 1e-10, 1e6, 5};
  char dir[] = "/tmp/otedama-fuzz-XXXXXX";
  options.share_log.dir = ::mkdtemp(dir);
  options.share_log.instance_id = "fuzz";
  options.share_log.gather_ms = 50;
  options.limits.connections_max = 1000;
  options.limits.connections_per_address_max = 1000;
  options.limits.line_bytes_max = 2048;
  options.limits.workers_per_connection_max = 4;
  options.limits.output_bytes_max = 1 << 16;
  options.limits.messages_per_s = 1000;
  options.limits.handshake_timeout_ms = 10'000;
  options.limits.idle_timeout_ms = 10'000;
  options.limits.ban_after_shares = 1'000'000;
  return options;
}

JobFields fuzz_job(uint32_t number) {
  JobFields job;
  job.number = number;
  job.coinbase_prefix.assign(60, 1);
  job.coinbase_suffix.assign(60, 2);
  job.merkle_branches.assign(64, 3);
  job.version = 0x20000000;
  // Half of all hashes are blocks, so that their path is walked as well.
  job.nbits = 0x207fffff;
  job.ntime = 0x6756f300;
  job.clean = true;
  return job;
}

// An engine without threads: the harness turns its one loop.
struct Bench {
  Shared shared{fuzz_options(), [] {}, {[](uint64_t, bool) {}, [](const std::string*) {}}, 1, 42};
  Loop loop{0, shared};

  Bench() {
    shared.log.start();
    shared.tip = 1;
    loop.post_job(std::make_shared<const Job>(fuzz_job(1), 1, 1, shared.duplicate_memory));
    loop.turn(0);
  }

  void answer_events() {
    for (const Event& event : shared.events.take()) {
      if (const auto* login = std::get_if<stratum::AuthorizeEvent>(&event)) {
        AuthorizeAnswer answer;
        answer.accepted = login->user.size() % 4 != 0;
        answer.worker_id = 1 + static_cast<uint32_t>(login->user.size());
        answer.message = "no";
        loop.post([this, id = login->connection_id, number = login->request_number, answer] { loop.authorize_answered(id, number, answer); });
      } else if (const auto* block = std::get_if<stratum::BlockEvent>(&event)) {
        loop.post([this, id = block->candidate_id] { loop.block_stored(id); });
      }
    }
  }
};

void send_all(Bench& bench, int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
    bench.loop.turn(0);
    bench.answer_events();
    bench.loop.turn(0);
    char answers[65536];
    while (::recv(fd, answers, sizeof answers, MSG_DONTWAIT) > 0) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* bench = new Bench;
  if (size < 2) return 0;
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0) std::abort();
  bench->loop.adopt(pair[0], Address{}, 1);
  bench->loop.turn(0);
  if (data[0] & 1) {
    send_all(*bench, pair[1], "{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"fuzz\"]}\n{\"id\":2,\"method\":\"mining.authorize\",\"params\":[\"a\"]}\n");
  }
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t packets = 1 + (data[0] >> 1) % 4;
  for (size_t i = 0; i < packets; i++) {
    const size_t bytes = i + 1 == packets ? rest.size() : rest.size() / (packets - i);
    send_all(*bench, pair[1], rest.substr(0, bytes));
    rest.remove_prefix(bytes);
  }
  ::close(pair[1]);
  bench->loop.turn(0);
  bench->answer_events();
  bench->loop.turn(0);
  // A connection that outlives its socket is a leak.
  if (bench->loop.counters().connections != 0) std::abort();
  return 0;
}
