// The loop's part in a handover: what one connection is, written for another process and read back there.
#include <unistd.h>

#include <exception>

#include "stratum/clock.h"
#include "stratum/loop.h"

namespace otedama::stratum {

namespace {

// A connection with more than this unsent is one that does not read: it is closed instead of handed over.
constexpr size_t OUTPUT_HANDED_MAX = 64 << 10;

// Everything of a connection that is plain values. The monotonic clock is the machine's, so times mean the same in both processes.
struct Plain {
  bool subscribed, active, extranonce_subscribed, version_rolling, known_to_typescript;
  uint8_t binding_count, bad_lines, refused_logins;
  uint16_t last_suffix, extranonce_prefix, remote_port;
  uint32_t extranonce, version_mask, first_job, judged, refused;
  Address remote;
  uint64_t session_token;
  int64_t connected_at_ms, last_message_ms, last_share_ms;
  vardiff::State vardiff;
  std::array<Binding, Connection::BINDINGS_MAX> bindings;
  Worker worker;
};

std::string_view waiting(Buffer* buffer) { return buffer ? buffer->view() : std::string_view{}; }

}  // namespace

void Loop::pause(bool paused) {
  run_on_loop([this, paused] {
    accepting_ = reading_ = !paused;
    judge_submits();
    if (paused) return;
    // That they can take more may have been said meanwhile, and is not said again.
    for_each_connection([&](Connection& connection) {
      if (connection.blocked) flush(connection);
    });
  });
}

bool Loop::has_open_questions(bool logins) {
  bool open = false;
  run_on_loop([&] {
    open = !waiting_answers_.empty() || !waiting_blocks_.empty();
    if (open || !logins) return;
    for_each_connection([&](Connection& connection) { open = open || connection.pending_authorizes; });
  });
  return open;
}

void Loop::hand_over(PacketSocket& to) {
  std::exception_ptr failed;
  run_on_loop([&] {
    release_answers();
    flush_dirty();
    for_each_connection([&](Connection& connection) {
      if (failed) return;
      // A login without an answer, or a balancer's header that is half here, is not worth carrying over: the miner connects again. So does
      // one with TLS, whose keys are this process's.
      if (connection.pending_authorizes || connection.awaits_proxy_header || connection.tls || waiting(connection.output).size() > OUTPUT_HANDED_MAX) {
        return close(connection, CloseReason::stopped);
      }
      const Plain plain{connection.subscribed,
                        connection.active,
                        connection.extranonce_subscribed,
                        connection.version_rolling,
                        connection.known_to_typescript,
                        connection.binding_count,
                        connection.bad_lines,
                        connection.refused_logins,
                        connection.last_suffix,
                        connection.extranonce_prefix,
                        connection.remote_port,
                        connection.extranonce,
                        connection.version_mask,
                        connection.first_job,
                        connection.judged,
                        connection.refused,
                        connection.remote,
                        connection.session_token,
                        connection.connected_at_ms,
                        connection.last_message_ms,
                        connection.last_share_ms,
                        connection.vardiff,
                        connection.bindings,
                        connection.worker};
      PacketWriter packet('C');
      packet.put(plain).put_bytes(shared_.agents.name(connection.agent)).put_bytes(waiting(connection.input)).put_bytes(waiting(connection.output));
      const auto* more = connection.more_workers.get();
      packet.put_list(more ? more->data() : nullptr, more ? more->size() : 0);
      try {
        to.send(packet, connection.fd);
      } catch (...) {
        failed = std::current_exception();
      }
    });
  });
  if (failed) std::rethrow_exception(failed);
}

void Loop::take(int fd, PacketReader packet) {
  std::lock_guard guard(mutex_);
  const auto plain = packet.get<Plain>();
  now_ms_ = monotonic_ms();
  shared_.admission.adopt(plain.remote, now_ms_);
  Connection* taken = adopt_socket(fd, plain.remote, plain.remote_port, false);
  if (!taken) return;
  Connection& connection = *taken;
  connection.subscribed = plain.subscribed;
  connection.active = plain.active;
  connection.extranonce_subscribed = plain.extranonce_subscribed;
  connection.version_rolling = plain.version_rolling;
  connection.known_to_typescript = plain.known_to_typescript;
  connection.binding_count = std::min<uint8_t>(plain.binding_count, Connection::BINDINGS_MAX);
  connection.bad_lines = plain.bad_lines;
  connection.refused_logins = plain.refused_logins;
  connection.last_suffix = plain.last_suffix;
  connection.extranonce_prefix = plain.extranonce_prefix;
  connection.extranonce = plain.extranonce;
  connection.version_mask = plain.version_mask;
  connection.first_job = plain.first_job;
  connection.judged = plain.judged;
  connection.refused = plain.refused;
  connection.session_token = plain.session_token;
  connection.connected_at_ms = plain.connected_at_ms;
  connection.last_message_ms = plain.last_message_ms;
  connection.last_share_ms = plain.last_share_ms;
  connection.vardiff = plain.vardiff;
  connection.bindings = plain.bindings;
  connection.worker = plain.worker;
  connection.agent = shared_.agents.intern(packet.get_bytes());
  const std::string_view input = packet.get_bytes();
  if (!input.empty() && input.size() <= limits_.line_bytes_max) buffers_.append(connection.input, input.data(), input.size());
  append(connection, packet.get_bytes());
  if (auto more = packet.get_list<Worker>(); !more.empty()) connection.more_workers = std::make_unique<std::vector<Worker>>(std::move(more));
  if (connection.subscribed) {
    counters_.subscribed++;
    shared_.extranonces.hold(connection.extranonce);
  }
  if (connection.worker.id != 0) counters_.authorized++;
}

void Loop::take_job(JobRef job) {
  std::lock_guard guard(mutex_);
  jobs_.push_back(std::move(job));
}

// The descriptors live on in the other process.
void Loop::forget() {
  run_on_loop([this] {
    for_each_connection([&](Connection& connection) {
      connection.known_to_typescript = false;
      buffers_.put(connection.output);
      connection.output = nullptr;
      close(connection, CloseReason::handed_over);
    });
    running_ = false;
  });
  if (thread_.joinable()) thread_.join();
}

}  // namespace otedama::stratum
