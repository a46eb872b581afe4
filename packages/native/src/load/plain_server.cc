#include "load/plain_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace otedama::load {

namespace {

constexpr size_t READ_BYTES = 64 << 10;

std::string_view id_of(std::string_view line) {
  const size_t at = line.find("\"id\":");
  if (at == std::string_view::npos) return "null";
  const std::string_view rest = line.substr(at + 5);
  return rest.substr(0, rest.find_first_of(",}"));
}

}  // namespace

PlainServer::PlainServer(std::string job_line) : job_line_(std::move(job_line)), buffer_(READ_BYTES * 2) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 4096) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error(std::string("the yardstick server cannot listen: ") + std::strerror(errno));
  }
  port_ = ntohs(address.sin_port);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener_;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  event.data.fd = wake_fd_;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_fd_, &event);
  thread_ = std::thread([this] { loop(); });
}

PlainServer::~PlainServer() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  for (const auto& [fd, partial] : partial_) ::close(fd);
  ::close(listener_);
  ::close(wake_fd_);
  ::close(epoll_);
}

void PlainServer::loop() {
  std::vector<epoll_event> events(512);
  while (!stopping_) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < count; i++) {
      const int fd = events[i].data.fd;
      if (fd == wake_fd_) {
        send_to_all();
        continue;
      }
      if (fd != listener_) {
        if (!serve(fd)) {
          ::close(fd);
          partial_.erase(fd);
        }
        continue;
      }
      for (int accepted = 0; (accepted = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        const int on = 1;
        ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        partial_.emplace(accepted, std::string());
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = accepted;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, accepted, &event);
      }
    }
  }
}

void PlainServer::broadcast(std::string line) {
  std::lock_guard guard(mutex_);
  to_all_ = std::move(line);
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
}

void PlainServer::send_to_all() {
  std::string line;
  {
    std::lock_guard guard(mutex_);
    line.swap(to_all_);
    uint64_t count;
    [[maybe_unused]] const ssize_t got = ::read(wake_fd_, &count, sizeof count);
  }
  for (const auto& [fd, partial] : partial_) ::send(fd, line.data(), line.size(), MSG_NOSIGNAL);
}

bool PlainServer::serve(int fd) {
  std::string& partial = partial_[fd];
  std::memcpy(buffer_.data(), partial.data(), partial.size());
  const ssize_t got = ::recv(fd, buffer_.data() + partial.size(), READ_BYTES, 0);
  if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
  std::string_view data(buffer_.data(), partial.size() + static_cast<size_t>(got));
  answers_.clear();
  for (size_t newline; (newline = data.find('\n')) != std::string_view::npos; data.remove_prefix(newline + 1)) {
    const std::string_view line = data.substr(0, newline);
    const bool subscribes = line.find("mining.subscribe") != std::string_view::npos;
    answers_ += "{\"id\":";
    answers_ += id_of(line);
    answers_ += subscribes ? ",\"result\":[[],\"00000000\",8],\"error\":null}\n" : ",\"result\":true,\"error\":null}\n";
    if (line.find("mining.authorize") != std::string_view::npos) answers_ += job_line_;
  }
  partial.assign(data);
  return answers_.empty() || ::send(fd, answers_.data(), answers_.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(answers_.size());
}

}  // namespace otedama::load
