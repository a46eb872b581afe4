#include "load/generator.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "stratum/clock.h"
#include "stratum/hex.h"

namespace otedama::load {

using stratum::monotonic_ns;

namespace {

constexpr size_t READ_BYTES = 256 << 10;
constexpr int64_t DRAIN_NS = 3'000'000'000;
// Ids of the two login messages; submits count up from FIRST_SUBMIT_ID.
constexpr uint32_t SUBSCRIBE_ID = 1;
constexpr uint32_t AUTHORIZE_ID = 2;
constexpr uint32_t FIRST_SUBMIT_ID = 256;
// 127.1.0.1.
constexpr uint32_t SOURCE_FIRST = 0x7f010001;

// The text between the quotes of the n-th string in the params of a line we know the form of.
std::string_view nth_string(std::string_view line, size_t from, int n) {
  size_t at = from;
  for (;; n--) {
    const size_t open = line.find('"', at);
    if (open == std::string_view::npos) return {};
    const size_t close = line.find('"', open + 1);
    if (close == std::string_view::npos) return {};
    if (n == 0) return line.substr(open + 1, close - open - 1);
    at = close + 1;
  }
}

std::string user_of(const std::string& pattern, uint32_t index) {
  std::string user = pattern;
  const size_t at = user.find('#');
  if (at != std::string::npos) user.replace(at, 1, std::to_string(index));
  return user;
}

}  // namespace

Crowd::Crowd(CrowdOptions options) : options_(std::move(options)), miners_(options_.workers), read_buffer_(READ_BYTES) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) throw std::runtime_error(std::string("the load generator cannot make an epoll loop: ") + std::strerror(errno));
  thread_ = std::thread([this] { loop(); });
  pthread_setname_np(thread_.native_handle(), "load");
}

Crowd::~Crowd() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  for (const Miner& miner : miners_) {
    if (miner.fd >= 0) ::close(miner.fd);
  }
  ::close(epoll_);
}

std::future<RunResult> Crowd::run(RunOptions options) {
  std::lock_guard guard(mutex_);
  run_promise_ = {};
  wanted_run_ = std::make_unique<RunOptions>(options);
  return run_promise_.get_future();
}

std::vector<JobArrival> Crowd::arrivals() {
  std::lock_guard guard(mutex_);
  return arrivals_;
}

void Crowd::fail(const std::string& why) {
  if (!connected_told_) connected_.set_exception(std::make_exception_ptr(std::runtime_error(why)));
  connected_told_ = true;
  stopping_ = true;
}

void Crowd::loop() {
  std::vector<epoll_event> events(1024);
  while (!stopping_) {
    open_more();
    const bool busy = running_ && run_.rate > 0;
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), busy ? 0 : 1);
    for (int i = 0; i < count; i++) {
      const uint32_t index = events[i].data.u32;
      Miner& miner = miners_[index];
      if (miner.fd < 0) continue;
      if (events[i].events & (EPOLLERR | EPOLLHUP) && miner.logins_open == 0 && !miner.ready) {
        drop(index);
        continue;
      }
      if (events[i].events & EPOLLOUT) {
        if (miner.logins_open == 0) log_in(miner, index);
        send_now(miner, index);
      }
      if (miner.fd >= 0 && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_readable(index);
    }
    const int64_t now_ns = monotonic_ns();
    if (running_) tick_run(now_ns);
    for (const uint32_t index : touched_) send_now(miners_[index], index);
    touched_.clear();
    if (!running_) begin_run();
  }
  if (running_) end_run(monotonic_ns());
}

void Crowd::open_more() {
  while (opened_ < options_.workers && opening_ < options_.opening_max && !stopping_) {
    if (!open_one(opened_)) return;
    opened_++;
    opening_++;
  }
}

bool Crowd::open_one(uint32_t index) {
  sockaddr_in remote{};
  remote.sin_family = AF_INET;
  remote.sin_port = htons(options_.port);
  if (::inet_pton(AF_INET, options_.host.c_str(), &remote.sin_addr) != 1) {
    fail("the pool's address must be an IPv4 address in numbers, not " + options_.host);
    return false;
  }
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    fail(std::string("a socket cannot be opened (raise the limit of open files): ") + std::strerror(errno));
    return false;
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (options_.source_addresses > 0) {
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    sockaddr_in local{};
    local.sin_family = AF_INET;
    local.sin_addr.s_addr = htonl(SOURCE_FIRST + index % options_.source_addresses);
    ::bind(fd, reinterpret_cast<sockaddr*>(&local), sizeof local);
  }
  if (::connect(fd, reinterpret_cast<sockaddr*>(&remote), sizeof remote) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    ::close(fd);
    fail(std::string("the pool cannot be reached: ") + std::strerror(error));
    return false;
  }
  Miner& miner = miners_[index];
  miner.fd = fd;
  miner.want_write = true;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT;
  event.data.u32 = index;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  return true;
}

void Crowd::log_in(Miner& miner, uint32_t index) {
  miner.logins_open = 2;
  miner.next_id = FIRST_SUBMIT_ID;
  miner.unsent += "{\"id\":" + std::to_string(SUBSCRIBE_ID) + ",\"method\":\"mining.subscribe\",\"params\":[\"otedama-load/1\"]}\n{\"id\":" +
                  std::to_string(AUTHORIZE_ID) + ",\"method\":\"mining.authorize\",\"params\":[\"" + user_of(options_.user, index) + "\",\"" +
                  options_.password + "\"]}\n";
}

void Crowd::send_now(Miner& miner, uint32_t index) {
  if (miner.fd < 0) return;
  while (!miner.unsent.empty()) {
    const ssize_t sent = ::send(miner.fd, miner.unsent.data(), miner.unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == ENOTCONN)) break;
    if (sent <= 0) return drop(index);
    miner.unsent.erase(0, static_cast<size_t>(sent));
  }
  const bool wanted = !miner.unsent.empty();
  if (wanted != miner.want_write) {
    miner.want_write = wanted;
    epoll_event event{};
    event.events = EPOLLIN | (wanted ? uint32_t{EPOLLOUT} : 0u);
    event.data.u32 = index;
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, miner.fd, &event);
  }
  if (!wanted && miner.unsent.capacity() > 512) miner.unsent.shrink_to_fit();
}

void Crowd::drop(uint32_t index) {
  Miner& miner = miners_[index];
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(miner.fd, SOL_SOCKET, SO_ERROR, &error, &length);
  ::close(miner.fd);
  miner.fd = -1;
  open_total_ -= miner.open;
  if (miner.ready) {
    ready_--;
    result_.disconnected++;
  } else {
    fail(error == 0 ? "the pool closed a connection before it gave it a job" : std::string("the pool cannot be reached: ") + std::strerror(error));
  }
}

void Crowd::on_readable(uint32_t index) {
  Miner& miner = miners_[index];
  const size_t kept = miner.partial.size();
  std::memcpy(read_buffer_.data(), miner.partial.data(), kept);
  const ssize_t got = ::recv(miner.fd, read_buffer_.data() + kept, read_buffer_.size() - kept, 0);
  if (got <= 0) {
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    return drop(index);
  }
  const char* at = read_buffer_.data();
  const char* end = at + kept + got;
  while (miner.fd >= 0) {
    const auto* newline = static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
    if (!newline) break;
    on_line(index, {at, static_cast<size_t>(newline - at)});
    at = newline + 1;
  }
  if (at == end) {
    if (kept > 0) std::string().swap(miner.partial);
  } else {
    miner.partial.assign(at, static_cast<size_t>(end - at));
  }
}

void Crowd::on_line(uint32_t index, std::string_view line) {
  Miner& miner = miners_[index];
  if (line.find("\"mining.notify\"") != std::string_view::npos && line.find("\"method\"") != std::string_view::npos) {
    on_notify(miner, line);
    if (!miner.ready && miner.logins_open == 0) miner.ready = true, ready_++, opening_--;
  } else if (line.find("\"method\"") == std::string_view::npos) {
    on_answer(index, line);
    if (miner.fd >= 0 && !miner.ready && miner.logins_open == 0 && miner.job_id[0]) miner.ready = true, ready_++, opening_--;
  }
  if (ready_ == options_.workers && !connected_told_) {
    connected_told_ = true;
    connected_.set_value();
  }
}

void Crowd::on_notify(Miner& miner, std::string_view line) {
  const size_t params = line.find("\"params\"");
  const std::string_view id = nth_string(line, params + 8, 0);
  // version, nbits and ntime follow the branches.
  const size_t branches_end = line.find(']', line.find('[', params + 10) + 1);
  const std::string_view ntime = branches_end == std::string_view::npos ? std::string_view{} : nth_string(line, branches_end, 2);
  if (id.size() >= sizeof miner.job_id || ntime.size() != 8) return fail("the pool sent a job that cannot be read");
  std::memcpy(miner.job_id, id.data(), id.size());
  miner.job_id[id.size()] = 0;
  std::memcpy(miner.ntime, ntime.data(), 8);
  const int64_t now_ns = monotonic_ns();
  std::lock_guard guard(mutex_);
  if (arrivals_.empty() || arrivals_.back().job_id != id) {
    if (arrivals_.size() == ARRIVALS_MAX) arrivals_.erase(arrivals_.begin());
    arrivals_.push_back({std::string(id), 0, now_ns, now_ns});
  }
  arrivals_.back().miners++;
  arrivals_.back().last_ns = now_ns;
}

void Crowd::on_answer(uint32_t index, std::string_view line) {
  Miner& miner = miners_[index];
  const size_t at = line.find("\"id\":");
  if (at == std::string_view::npos) return;
  const auto id = static_cast<uint32_t>(std::strtoul(line.data() + at + 5 + (line[at + 5] == ' ' ? 1 : 0), nullptr, 10));
  const bool good = line.find("\"result\":true") != std::string_view::npos || line.find("\"result\": true") != std::string_view::npos;
  if (id < FIRST_SUBMIT_ID) {
    if (id == AUTHORIZE_ID && !good) return fail("the pool does not let the workers in: " + std::string(line.substr(0, 200)));
    if (miner.logins_open > 0) miner.logins_open--;
    return;
  }
  if (miner.open == 0 || !miner.sent_ns) return;
  miner.open--;
  open_total_--;
  if (!running_) return;
  latencies_.record(monotonic_ns() - miner.sent_ns[id % RING]);
  if (good) {
    result_.accepted++;
  } else {
    const size_t error = line.find("\"error\":");
    const size_t bracket = error == std::string_view::npos ? error : line.find('[', error);
    const unsigned long code = bracket == std::string_view::npos ? 0 : std::strtoul(line.data() + bracket + 1, nullptr, 10);
    result_.refused[code >= 20 && code <= 25 ? code - 20 : 6]++;
  }
  if (run_.rate == 0 && !draining_) {
    submit(miner, index, 0);
    touched_.push_back(index);
  }
}

// `due_ns` is when it should have been sent: what waits behind a slow pool counts as the pool's time.
void Crowd::submit(Miner& miner, uint32_t index, int64_t due_ns) {
  if (!miner.sent_ns) miner.sent_ns = std::make_unique<int64_t[]>(RING);
  const uint32_t id = miner.next_id++;
  miner.sent_ns[id % RING] = due_ns != 0 ? due_ns : monotonic_ns();
  miner.open++;
  open_total_++;
  result_.sent++;
  char extranonce2[17] = {};
  char nonce[9] = {};
  stratum::encode_hex_number(++miner.extranonce2, 16, extranonce2);
  stratum::encode_hex_number((id * 2654435761u) ^ index, 8, nonce);
  miner.unsent += "{\"id\":";
  miner.unsent += std::to_string(id);
  miner.unsent += ",\"method\":\"mining.submit\",\"params\":[\"";
  miner.unsent += user_of(options_.user, index);
  miner.unsent += "\",\"";
  miner.unsent += miner.job_id;
  miner.unsent += "\",\"";
  miner.unsent += extranonce2;
  miner.unsent += "\",\"";
  miner.unsent += miner.ntime;
  miner.unsent += "\",\"";
  miner.unsent += nonce;
  miner.unsent += "\"]}\n";
}

void Crowd::begin_run() {
  {
    std::lock_guard guard(mutex_);
    if (!wanted_run_ || ready_ == 0) return;
    run_ = *wanted_run_;
    wanted_run_.reset();
  }
  result_ = {};
  latencies_ = {};
  due_ = 0;
  open_total_ = 0;
  for (Miner& miner : miners_) miner.open = 0;
  running_ = true;
  draining_ = false;
  started_ns_ = monotonic_ns();
  if (run_.rate > 0) return;
  for (uint32_t index = 0; index < miners_.size(); index++) {
    if (miners_[index].fd < 0) continue;
    for (uint32_t i = 0; i < std::min(run_.in_flight, RING); i++) submit(miners_[index], index, 0);
    send_now(miners_[index], index);
  }
}

void Crowd::tick_run(int64_t now_ns) {
  const auto end_ns = started_ns_ + static_cast<int64_t>(run_.duration_s * 1e9);
  if (draining_ || now_ns >= end_ns) {
    if (!draining_) result_.elapsed_s = static_cast<double>(now_ns - started_ns_) / 1e9;
    draining_ = true;
    if (open_total_ == 0 || now_ns >= end_ns + DRAIN_NS) end_run(now_ns);
    return;
  }
  if (run_.rate == 0) return;
  const auto due = static_cast<uint64_t>(static_cast<double>(now_ns - started_ns_) / 1e9 * run_.rate);
  for (; due_ < due; due_++) {
    const auto index = static_cast<uint32_t>(due_ % miners_.size());
    Miner& miner = miners_[index];
    if (miner.fd < 0 || miner.open >= RING / 2) {
      result_.skipped++;
      continue;
    }
    submit(miner, index, started_ns_ + static_cast<int64_t>(static_cast<double>(due_) / run_.rate * 1e9));
    touched_.push_back(index);
  }
}

void Crowd::end_run(int64_t now_ns) {
  running_ = false;
  if (result_.elapsed_s == 0) result_.elapsed_s = static_cast<double>(now_ns - started_ns_) / 1e9;
  result_.p50_ms = latencies_.percentile_ms(0.5);
  result_.p99_ms = latencies_.percentile_ms(0.99);
  result_.p999_ms = latencies_.percentile_ms(0.999);
  run_promise_.set_value(result_);
}

}  // namespace otedama::load
