#include "stratum/engine.h"

#include <sys/random.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

#include "stratum/clock.h"
#include "stratum/listener.h"

namespace otedama::stratum {

uint64_t random_secret() {
  uint64_t secret = 0;
  while (secret == 0) {
    if (::getrandom(&secret, sizeof secret, 0) != sizeof secret) throw std::runtime_error("the system gives no random bytes");
  }
  return secret;
}

Engine::Engine(Options options, std::function<void()> wake_events)
    : shared_(std::move(options), std::move(wake_events),
              {[this](uint64_t sequence, bool good) {
                 for (auto& loop : loops_) loop->post_log_done(sequence, good);
               },
               [this](const std::string* message) { shared_.events.push(FaultEvent{"share_log", message == nullptr, message ? *message : ""}); }},
              static_cast<uint32_t>(random_secret()), random_secret()) {
  for (uint32_t i = 0; i < shared_.options.threads; i++) loops_.push_back(std::make_unique<Loop>(i, shared_));
}

Engine::~Engine() { stop(); }

std::vector<Listen> Engine::start() {
  std::lock_guard guard(mutex_);
  if (started_) throw std::runtime_error("the Stratum engine was started before; make a new one");
  std::vector<BoundAddress>& addresses = bound_;
  try {
    for (const Listen& wanted : shared_.options.listen) addresses.push_back(bind_listeners(wanted, shared_.options.threads));
    shared_.log.start();
  } catch (...) {
    for (const BoundAddress& address : addresses) {
      for (const int fd : address.descriptors) ::close(fd);
    }
    bound_.clear();
    throw;
  }
  started_ = true;
  std::vector<Listen> bound;
  for (const BoundAddress& address : addresses) {
    bound.push_back(address.bound);
    for (size_t i = 0; i < loops_.size(); i++) loops_[i]->listen(address.descriptors[i]);
  }
  for (auto& loop : loops_) loop->start();
  return bound;
}

void Engine::stop() {
  cancel_takeover();
  {
    std::lock_guard guard(mutex_);
    if (!started_ || stopped_) return;
    stopped_ = true;
  }
  for (auto& loop : loops_) loop->quiesce();
  shared_.log.stop();
  for (auto& loop : loops_) loop->finish();
}

void Engine::set_job(JobFields fields) {
  std::lock_guard guard(mutex_);
  if (fields.number <= last_job_number_) {
    throw std::runtime_error("job_number must rise: " + std::to_string(fields.number) + " does not follow " + std::to_string(last_job_number_));
  }
  last_job_number_ = fields.number;
  if (fields.clean) {
    const uint32_t tip = shared_.tip.fetch_add(1) + 1;
    shared_.extranonces.advance(tip);
  }
  if (stopped_) return;
  const auto job = std::make_shared<const Job>(std::move(fields), shared_.tip.load(), static_cast<uint32_t>(loops_.size()), shared_.duplicate_memory);
  jobs_.push_back(job);
  if (jobs_.size() > JOBS_MAX || (jobs_.size() > 1 && shared_.duplicate_memory.bytes_used() > DUPLICATE_BYTES_MAX)) jobs_.pop_front();
  for (auto& loop : loops_) loop->post_job(job);
}

void Engine::set_extranonce_prefix(uint16_t prefix) {
  shared_.extranonce_prefix.store(prefix);
  for (auto& loop : loops_) loop->post([&target = *loop] { target.renew_extranonces(); });
}

void Engine::set_vardiff(const vardiff::Options& options, double initial_difficulty) {
  for (auto& loop : loops_) loop->post([=, &target = *loop] { target.set_vardiff(options, initial_difficulty); });
}

Loop* Engine::loop_of(uint64_t id) {
  const uint32_t index = Loop::loop_of(id);
  return index < loops_.size() ? loops_[index].get() : nullptr;
}

void Engine::authorize_result(uint64_t connection_id, uint32_t request_number, AuthorizeAnswer answer) {
  if (Loop* loop = loop_of(connection_id)) {
    loop->post([=, answer = std::move(answer)] { loop->authorize_answered(connection_id, request_number, answer); });
  }
}

void Engine::block_stored(uint64_t candidate_id) {
  if (Loop* loop = loop_of(candidate_id)) loop->post([=] { loop->block_stored(candidate_id); });
}

bool Engine::log_block(const uint8_t hash[32], uint32_t worker_id, uint32_t job_number, double share_difficulty, uint64_t found_ms) {
  share_log::Record record{};
  record.kind = static_cast<uint8_t>(share_log::Kind::block);
  // Its miner was told that the share does not count.
  record.result = static_cast<uint8_t>(ShareResult::invalid);
  record.time_ms = found_ms;
  record.worker_id = worker_id;
  record.job_number = job_number;
  record.share_difficulty = share_difficulty;
  std::memcpy(record.hash, hash, 32);
  return shared_.log.append_late(record) != 0;
}

void Engine::set_difficulty(uint64_t connection_id, double difficulty) {
  if (Loop* loop = loop_of(connection_id)) loop->post([=] { loop->set_difficulty(connection_id, difficulty); });
}

void Engine::send_line(std::string line, const uint64_t* connection_id) {
  if (!connection_id) {
    for (auto& loop : loops_) loop->post([&target = *loop, line] { target.send_to_all(line); });
    return;
  }
  const uint64_t id = *connection_id;
  if (Loop* loop = loop_of(id)) loop->post([=, line = std::move(line)] { loop->send_to(id, line); });
}

void Engine::ban(const Address& address, double seconds, std::string reason) {
  const double length = shared_.admission.ban(address, seconds, false, monotonic_ms());
  for (auto& loop : loops_) loop->post([&target = *loop, owner = address.owner()] { target.close_address(owner); });
  shared_.events.push(BannedEvent{address.text(), std::move(reason), length});
}

EngineStats Engine::stats() {
  EngineStats stats;
  for (auto& loop : loops_) stats.counters.add(loop->counters());
  for (auto& loop : loops_) {
    const Counters counters = loop->counters();
    if (counters.notify_last_at_ns > stats.counters.notify_last_at_ns) {
      stats.counters.notify_last_at_ns = counters.notify_last_at_ns;
      stats.counters.notify_last_ns = counters.notify_last_ns;
    }
  }
  stats.bans_active = shared_.admission.bans_active(monotonic_ms());
  stats.tls_connections = shared_.tls_connections.load();
  stats.share_log = shared_.log.stats();
  return stats;
}

std::vector<SessionInfo> Engine::sessions() {
  std::vector<SessionInfo> sessions;
  for (auto& loop : loops_) loop->sessions(sessions);
  return sessions;
}

}  // namespace otedama::stratum
