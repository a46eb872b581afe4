#include "stratum/loop.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <future>
#include <stdexcept>

#include "stratum/clock.h"

namespace otedama::stratum {

namespace {

// epoll keys: (generation << 32 | slot) of a connection, whose generation is never 0; below that, listeners by index and the wake-up.
constexpr uint64_t WAKE_KEY = 0xffffffff;

constexpr size_t READ_BYTES = 64 << 10;
constexpr std::string_view TRUE_HEAD = "{\"id\":";
constexpr std::string_view TRUE_TAIL = ",\"result\":true,\"error\":null}\n";
constexpr useconds_t QUIET_SLEEP_US = 500;

char* write_true_answer(char* at, std::string_view id) {
  std::memcpy(at, TRUE_HEAD.data(), TRUE_HEAD.size());
  at += TRUE_HEAD.size();
  // Two words that overlap do for nearly all ids, without a call.
  if (id.size() >= 4 && id.size() <= 8) {
    std::memcpy(at, id.data(), 4);
    std::memcpy(at + id.size() - 4, id.data() + id.size() - 4, 4);
  } else {
    std::memcpy(at, id.data(), id.size());
  }
  at += id.size();
  std::memcpy(at, TRUE_TAIL.data(), TRUE_TAIL.size());
  return at + TRUE_TAIL.size();
}

}  // namespace

Loop::Loop(uint32_t index, Shared& shared)
    : index_(index), shared_(shared), limits_(shared.options.limits), vardiff_(shared.options.vardiff), initial_difficulty_(shared.options.initial_difficulty), timers_(monotonic_ms()), read_buffer_(READ_BYTES + limits_.line_bytes_max) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (epoll_ < 0 || wake_fd_ < 0) throw std::runtime_error(std::string("the Stratum engine cannot make an epoll loop: ") + std::strerror(errno));
  spare_fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = WAKE_KEY;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_fd_, &event);
}

Loop::~Loop() {
  if (thread_.joinable()) thread_.join();
  for (const int fd : listeners_) ::close(fd);
  for_each_connection([](Connection& connection) { ::close(connection.fd); });
  if (epoll_ >= 0) ::close(epoll_);
  if (wake_fd_ >= 0) ::close(wake_fd_);
  if (spare_fd_ >= 0) ::close(spare_fd_);
}

void Loop::listen(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = listeners_.size();
  listeners_.push_back(fd);
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) throw std::runtime_error(std::string("a listener cannot be watched: ") + std::strerror(errno));
}

void Loop::start() {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), ("stratum-" + std::to_string(index_)).substr(0, 15).c_str());
}

void Loop::post(std::function<void()> task) {
  std::lock_guard guard(inbox_mutex_);
  inbox_tasks_.push_back(std::move(task));
  wake();
}

void Loop::post_job(JobRef job) {
  std::lock_guard guard(inbox_mutex_);
  inbox_jobs_.push_back(std::move(job));
  wake();
}

void Loop::post_log_done(uint64_t sequence, bool good) {
  std::lock_guard guard(inbox_mutex_);
  if (!inbox_log_.empty() && inbox_log_.back().good == good) {
    inbox_log_.back().sequence = sequence;
  } else {
    inbox_log_.push_back({sequence, good});
  }
  wake();
}

void Loop::wake() {
  if (inbox_signalled_) return;
  inbox_signalled_ = true;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
}

void Loop::run() {
  while (running_) turn(TimerWheel::TICK_MS);
}

void Loop::turn(int wait_ms) {
  std::array<epoll_event, EVENTS_MAX> events;
  const int count = ::epoll_wait(epoll_, events.data(), EVENTS_MAX, read_on_.empty() || !reading_ ? wait_ms : 0);
  std::lock_guard guard(mutex_);
  read_ns_ = monotonic_ns();
  now_ms_ = read_ns_ / 1'000'000;
  now_unix_ms_ = unix_ms();
  // Jobs first, whatever else this wake-up brought.
  drain_inbox();
  if (reading_) read_on();
  for (int i = 0; i < count; i++) {
    const uint64_t key = events[static_cast<size_t>(i)].data.u64;
    const uint32_t ready = events[static_cast<size_t>(i)].events;
    const auto generation = static_cast<uint32_t>(key >> 32);
    if (generation == 0) {
      if (key != WAKE_KEY && key < listeners_.size()) accept_from(listeners_[key]);
      continue;
    }
    Connection* connection = live(static_cast<uint32_t>(key), generation);
    if (!connection) continue;
    if (ready & EPOLLOUT && reading_) flush(*connection);
    const bool ends = ready & (EPOLLHUP | EPOLLERR | EPOLLRDHUP);
    if (!connection->closing && (ends || ready & EPOLLIN)) on_readable(*connection, ends);
    if (submits_.size() >= SUBMITS_MAX) {
      judge_submits();
      flush_dirty();
    }
  }
  judge_submits();
  release_answers();
  // What is being handed over must not change any more.
  if (reading_) on_timers();
  flush_dirty();
  reap();
  // Listeners that are not accepted from stay ready: the few milliseconds until the log is synced are slept, not spun.
  if (!reading_) ::usleep(QUIET_SLEEP_US);
}

// Sockets are watched for edges, which come once: what was left unread is remembered here.
void Loop::read_on() {
  std::vector<uint64_t> keys;
  keys.swap(read_on_);
  for (const uint64_t key : keys) {
    Connection* connection = live(static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32));
    if (connection) on_readable(*connection, true);
    if (submits_.size() >= SUBMITS_MAX) judge_submits();
  }
}

void Loop::adopt(int fd, const Address& remote, uint16_t port) {
  shared_.admission.adopt(remote, monotonic_ms());
  post([=, this] { adopt_socket(fd, remote, port, false); });
}

void Loop::drain_inbox() {
  std::vector<std::function<void()>> tasks;
  std::vector<JobRef> jobs;
  {
    std::lock_guard guard(inbox_mutex_);
    if (!inbox_signalled_) return;
    inbox_signalled_ = false;
    uint64_t count;
    [[maybe_unused]] const ssize_t got = ::read(wake_fd_, &count, sizeof count);
    tasks.swap(inbox_tasks_);
    jobs.swap(inbox_jobs_);
    log_done_.insert(log_done_.end(), inbox_log_.begin(), inbox_log_.end());
    inbox_log_.clear();
  }
  for (const JobRef& job : jobs) broadcast(job);
  for (const auto& task : tasks) task();
}

// Answers go out in the order of the log.
void Loop::release_answers() {
  for (const LogDone& done : log_done_) {
    release_until(done.sequence, done.good);
    for (auto& [id, block] : waiting_blocks_) {
      if (block.on_disk || block.failed || block.sequence > done.sequence) continue;
      (done.good ? block.on_disk : block.failed) = true;
    }
  }
  log_done_.clear();
  std::erase_if(waiting_blocks_, [&](const auto& entry) {
    const WaitingBlock& block = entry.second;
    const bool late = now_ms_ >= block.deadline_ms;
    if (!block.failed && !late && !(block.on_disk && block.stored)) return false;
    if (Connection* connection = live(block.slot, block.generation)) {
      if (block.on_disk && block.stored) {
        answer(*connection, block.id, "true");
      } else {
        answer_error(*connection, block.id, ErrorCode::other,
                     block.failed ? "share log cannot be written: the block was handed on, the share is not counted"
                                  : "the block was handed on but is not stored yet: the share may be counted later");
      }
      answered_.push_back({block.read_ns, 1});
    }
    return true;
  });
}

// A record that could not be written takes its share back.
void Loop::release_until(uint64_t sequence, bool good) {
  while (!waiting_answers_.empty() && waiting_answers_.front().sequence <= sequence) {
    const AnswerQueue::Entry entry = waiting_answers_.front();
    Connection* connection = live(entry.slot, entry.generation);
    if (!connection || !good) {
      waiting_answers_.pop([&](std::string_view id) {
        if (connection) answer_error(*connection, id, ErrorCode::other, "share log cannot be written: the share is not counted");
      });
    } else {
      answers_scratch_.resize(std::max(answers_scratch_.size(), entry.count * (TRUE_HEAD.size() + ID_BYTES_MAX + TRUE_TAIL.size())));
      char* end = answers_scratch_.data();
      waiting_answers_.pop([&](std::string_view id) { end = write_true_answer(end, id); });
      append(*connection, {answers_scratch_.data(), static_cast<size_t>(end - answers_scratch_.data())});
    }
    if (connection) answered_.push_back({entry.read_ns, entry.count});
  }
}

void Loop::on_timers() {
  timers_.advance(now_ms_, [&](uint64_t key, int64_t tick) {
    Connection* connection = live(static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32));
    if (!connection || connection->timer_tick != tick) return;
    connection->timer_tick = 0;
    on_connection_timer(*connection);
    if (!connection->closing) timers_.add(key, next_deadline(*connection), connection->timer_tick);
  });
}

void Loop::on_connection_timer(Connection& connection) {
  if (!connection.active && now_ms_ - connection.connected_at_ms >= limits_.handshake_timeout_ms) return close(connection, CloseReason::handshake);
  if (now_ms_ - connection.last_message_ms >= limits_.idle_timeout_ms) return close(connection, CloseReason::idle);
  if (connection.blocked && now_ms_ - connection.blocked_since_ms >= limits_.slow_reader_timeout_ms) return close(connection, CloseReason::slow_reader);
  if (!connection.active) return;
  if (const double difficulty = vardiff::on_timer(vardiff_, connection.vardiff, network_difficulty(), now_ms_)) {
    retarget(connection, difficulty);
  }
}

int64_t Loop::next_deadline(const Connection& connection) const {
  int64_t deadline = connection.last_message_ms + limits_.idle_timeout_ms;
  if (!connection.active) deadline = std::min(deadline, connection.connected_at_ms + limits_.handshake_timeout_ms);
  if (connection.blocked) deadline = std::min(deadline, connection.blocked_since_ms + limits_.slow_reader_timeout_ms);
  if (connection.active && vardiff_.enabled) {
    deadline = std::min(deadline, std::max(now_ms_ + 1000, vardiff::next_timer_ms(vardiff_, connection.vardiff)));
  }
  return deadline;
}

void Loop::quiesce() {
  run_on_loop([this] {
    accepting_ = false;
    reading_ = false;
    for (const int fd : listeners_) ::close(fd);
    listeners_.clear();
    judge_submits();
  });
}

void Loop::run_on_loop(std::function<void()> task) {
  std::promise<void> done;
  post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void Loop::finish() {
  post([this] {
    release_answers();
    for (auto& [id, block] : waiting_blocks_) block.deadline_ms = 0;
    release_answers();
    for_each_connection([&](Connection& connection) {
      flush(connection);
      if (!connection.closing) close(connection, CloseReason::stopped);
    });
    running_ = false;
  });
  if (thread_.joinable()) thread_.join();
}

Counters Loop::counters() {
  std::lock_guard guard(mutex_);
  return counters_;
}

// In slices, so that a loop with a million connections is not held up while somebody looks at them.
void Loop::sessions(std::vector<SessionInfo>& out) {
  constexpr uint32_t SLICE = 4096;
  for (uint32_t from = 0;; from += SLICE) {
    std::lock_guard guard(mutex_);
    if (from >= slots_used_) return;
    const int64_t unix_less_monotonic = unix_ms() - monotonic_ms();
    for (uint32_t slot = from; slot < std::min(from + SLICE, slots_used_); slot++) {
      const Connection& connection = at(slot);
      if (connection.fd < 0 || connection.closing || connection.worker.id == 0) continue;
      SessionInfo info{id_of(connection),
                       connection.worker.id,
                       connection.remote.text(),
                       shared_.agents.name(connection.agent),
                       connection.vardiff.difficulty,
                       connection.connected_at_ms + unix_less_monotonic,
                       connection.last_share_ms == 0 ? 0 : connection.last_share_ms + unix_less_monotonic};
      out.push_back(info);
      if (!connection.more_workers) continue;
      for (const Worker& worker : *connection.more_workers) {
        info.worker_id = worker.id;
        out.push_back(info);
      }
    }
  }
}

uint64_t Loop::id_of(const Connection& connection) const {
  return uint64_t{index_} << LOOP_SHIFT | uint64_t{connection.generation & GENERATION_MASK} << GENERATION_SHIFT | connection.slot;
}

Connection* Loop::find(uint64_t connection_id) {
  const auto slot = static_cast<uint32_t>(connection_id & (SLOTS_MAX - 1));
  if (loop_of(connection_id) != index_ || slot >= slots_used_) return nullptr;
  Connection& connection = at(slot);
  return connection.fd >= 0 && !connection.closing && id_of(connection) == connection_id ? &connection : nullptr;
}

Connection* Loop::live(uint32_t slot, uint32_t generation) {
  if (slot >= slots_used_) return nullptr;
  Connection& connection = at(slot);
  return connection.fd >= 0 && !connection.closing && connection.generation == generation ? &connection : nullptr;
}

}  // namespace otedama::stratum
