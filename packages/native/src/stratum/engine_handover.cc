// Restart without a disconnect: an engine hands its listeners, connections and jobs to a newer process over a Unix socket, and goes.
//
// Order matters. The old engine stops reading, waits until every share it read is on disk and answered, and lets go of the log; only
// then is anything sent. The new one opens the log, takes everything in, and says so; only then does the old one let go of the
// connections. If the new one fails before that, the old one goes on as if nothing had happened.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <climits>
#include <stdexcept>

#include "stratum/clock.h"
#include "stratum/engine.h"
#include "stratum/packet.h"

namespace otedama::stratum {

namespace {

constexpr uint32_t VERSION = 2;
constexpr int POLL_MS = 100;
constexpr int RETRY_MS = 1000;
// Time for logins that TypeScript has not answered yet: whoever waits longer connects again.
constexpr int64_t LOGINS_MS = 2000;
// A share that was read is answered, a block candidate when it is stored: a loop waits for that no longer than this.
constexpr int64_t ANSWERS_MS = 12'000;
// Tries to have the log again, POLL_MS apart, while shares wait.
constexpr int PAUSED_TRIES_MAX = 20;
constexpr size_t CHUNK = 8192;

void require_same_user(int fd) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 || (peer.uid != ::geteuid() && peer.uid != 0)) {
    ::close(fd);
    throw std::runtime_error("a process of another user asked for the takeover");
  }
}

PacketWriter packet_of(const Job& job) {
  PacketWriter packet('J');
  const JobFields& fields = job.fields;
  packet.put(job.tip).put(fields.number).put(fields.height).put(fields.prev_hash).put(fields.version).put(fields.nbits).put(fields.ntime);
  packet.put(fields.clean).put(fields.template_at_ms);
  packet.put_list(fields.coinbase_prefix.data(), fields.coinbase_prefix.size());
  packet.put_list(fields.coinbase_suffix.data(), fields.coinbase_suffix.size());
  packet.put_list(fields.merkle_branches.data(), fields.merkle_branches.size());
  return packet;
}

}  // namespace

void Engine::offer_takeover(std::string path) {
  std::lock_guard guard(mutex_);
  if (!started_ || stopped_ || handover_thread_.joinable()) return;
  handover_thread_ = std::thread([this, path = std::move(path)] {
    for (bool done = false; !done && !handover_cancelled_;) {
      try {
        done = hand_over(path);
        if (done) shared_.events.push(HandedOverEvent{});
      } catch (const std::runtime_error& error) {
        shared_.events.push(FaultEvent{"takeover", false, error.what()});
        for (int waited = 0; waited < RETRY_MS && !handover_cancelled_; waited += POLL_MS) ::usleep(POLL_MS * 1000);
      }
    }
  });
}

void Engine::cancel_takeover() {
  handover_cancelled_ = true;
  if (handover_thread_.joinable()) handover_thread_.join();
}

bool Engine::hand_over(const std::string& path) {
  const int listener = listen_at(path);
  int fd = -1;
  while (!handover_cancelled_ && fd < 0) {
    pollfd waiting{listener, POLLIN, 0};
    if (::poll(&waiting, 1, POLL_MS) > 0) fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  }
  ::unlink(path.c_str());
  ::close(listener);
  if (fd < 0) return false;
  require_same_user(fd);
  PacketSocket to(fd);
  std::string packet;
  int descriptor;
  if (to.receive(packet, descriptor) != 'H' || PacketReader(packet).get<uint32_t>() != VERSION) {
    to.send(PacketWriter('N').put_bytes("the two versions do not understand each other"));
    return false;
  }
  if (shared_.log.faulted()) {
    to.send(PacketWriter('N').put_bytes("its share log cannot be written"));
    return false;
  }
  for (auto& loop : loops_) loop->pause(true);
  for (const int64_t began_ms = monotonic_ms(); monotonic_ms() < began_ms + ANSWERS_MS;) {
    bool open = false;
    const bool logins = monotonic_ms() < began_ms + LOGINS_MS;
    for (auto& loop : loops_) open = open || loop->has_open_questions(logins);
    if (!open) break;
    ::usleep(1000);
  }
  shared_.log.stop();
  // A job that came now would be known here and not there: it waits.
  std::unique_lock guard(mutex_);
  try {
    send_state(to);
    for (auto& loop : loops_) loop->hand_over(to);
    to.send(PacketWriter('E'));
    if (to.receive(packet, descriptor) != 'A') throw std::runtime_error("the new engine did not take over");
  } catch (const std::runtime_error&) {
    guard.unlock();
    // Shares that came meanwhile wait for the log; only where that takes long are they refused.
    const bool resumed = resume_log(PAUSED_TRIES_MAX);
    for (auto& loop : loops_) loop->pause(false);
    if (!resumed && resume_log(INT_MAX)) shared_.events.push(FaultEvent{"share_log", true, ""});
    throw;
  }
  stopped_ = true;
  guard.unlock();
  for (auto& loop : loops_) loop->forget();
  return true;
}

// The other process may still hold the log for the moment it takes to end. False where it holds it for longer.
bool Engine::resume_log(int tries_max) {
  for (int tries = 1;; tries++) {
    try {
      shared_.log.start();
      return true;
    } catch (const share_log::Fault& fault) {
      if (tries == tries_max) shared_.events.push(FaultEvent{"share_log", false, fault.message});
      if (tries == tries_max || handover_cancelled_) return false;
      ::usleep(POLL_MS * 1000);
    }
  }
}

void Engine::send_state(PacketSocket& to) {
  PacketWriter start('S');
  start.put(VERSION).put(shared_.secret.load()).put(shared_.tip.load()).put(last_job_number_).put(shared_.extranonces.next());
  to.send(start);
  for (const BoundAddress& address : bound_) {
    for (const int descriptor : address.descriptors) {
      to.send(PacketWriter('L').put(address.bound.port).put_bytes(address.bound.host), descriptor);
    }
  }
  for (const JobRef& job : jobs_) {
    to.send(packet_of(*job));
    const std::vector<uint64_t> keys = job->duplicates().keys();
    for (size_t at = 0; at < keys.size(); at += CHUNK) {
      to.send(PacketWriter('D').put_list(keys.data() + at, std::min(CHUNK, keys.size() - at)));
    }
  }
}

void Engine::take_job(PacketReader packet) {
  JobFields fields;
  const auto tip = packet.get<uint32_t>();
  fields.number = packet.get<uint32_t>();
  fields.height = packet.get<uint32_t>();
  const auto prev_hash = packet.get<std::array<uint8_t, 32>>();
  std::copy(prev_hash.begin(), prev_hash.end(), fields.prev_hash);
  fields.version = packet.get<uint32_t>();
  fields.nbits = packet.get<uint32_t>();
  fields.ntime = packet.get<uint32_t>();
  fields.clean = packet.get<bool>();
  fields.template_at_ms = packet.get<double>();
  fields.coinbase_prefix = packet.get_list<uint8_t>();
  fields.coinbase_suffix = packet.get_list<uint8_t>();
  fields.merkle_branches = packet.get_list<uint8_t>();
  jobs_.push_back(std::make_shared<const Job>(std::move(fields), tip, static_cast<uint32_t>(loops_.size()), shared_.duplicate_memory));
  for (auto& loop : loops_) loop->take_job(jobs_.back());
}

std::vector<Listen> Engine::take_over(const std::string& path) {
  std::lock_guard guard(mutex_);
  if (started_) throw std::runtime_error("the Stratum engine was started before; make a new one");
  PacketSocket from(connect_to(path));
  from.send(PacketWriter('H').put(VERSION));
  size_t next_loop = 0;
  for (;;) {
    std::string packet;
    int descriptor;
    const char type = from.receive(packet, descriptor);
    PacketReader reader(packet);
    if (type == 'N') throw std::runtime_error("the running pool does not hand over: " + std::string(reader.get_bytes()));
    if (type == 'E') break;
    if (type == 'S') {
      if (reader.get<uint32_t>() != VERSION) throw std::runtime_error("the two versions do not understand each other");
      shared_.secret = reader.get<uint64_t>();
      shared_.tip = reader.get<uint32_t>();
      last_job_number_ = reader.get<uint32_t>();
      shared_.extranonces.go_on_from(reader.get<uint32_t>());
    } else if (type == 'L' && descriptor >= 0) {
      Listen listen;
      listen.port = reader.get<uint16_t>();
      listen.host = reader.get_bytes();
      if (bound_.empty() || bound_.back().bound.host != listen.host || bound_.back().bound.port != listen.port) bound_.push_back({listen, {}});
      BoundAddress& address = bound_.back();
      loops_[address.descriptors.size() % loops_.size()]->listen(descriptor);
      address.descriptors.push_back(descriptor);
    } else if (type == 'J') {
      take_job(reader);
    } else if (type == 'D' && !jobs_.empty()) {
      const std::vector<uint64_t> keys = reader.get_list<uint64_t>();
      const auto is_new = std::make_unique<bool[]>(keys.size());
      jobs_.back()->duplicates().insert(keys.data(), keys.size(), is_new.get());
    } else if (type == 'C' && descriptor >= 0) {
      loops_[next_loop++ % loops_.size()]->take(descriptor, reader);
    } else {
      throw std::runtime_error("the other engine sent something that is not part of a handover");
    }
  }
  shared_.log.start();
  started_ = true;
  from.send(PacketWriter('A'));
  std::vector<Listen> bound;
  for (const BoundAddress& address : bound_) bound.push_back(address.bound);
  for (auto& loop : loops_) loop->start();
  return bound;
}

}  // namespace otedama::stratum
