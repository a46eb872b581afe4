// The loop's sockets: accepting, reading lines, writing what was answered, closing.
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "stratum/clock.h"
#include "stratum/loop.h"
#include "stratum/proxy_protocol.h"

namespace otedama::stratum {

namespace {

// A connection that is let go while it still reads gets its last line, then an orderly end.
void end_politely(int fd) { ::shutdown(fd, SHUT_WR); }

}  // namespace

void Loop::accept_from(int listener) {
  for (int i = 0; i < ACCEPTS_MAX && accepting_; i++) {
    sockaddr_storage remote{};
    socklen_t length = sizeof remote;
    const int fd = ::accept4(listener, reinterpret_cast<sockaddr*>(&remote), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE) return turn_away(listener);
      if (errno == ECONNABORTED || errno == EINTR) continue;
      return;
    }
    const Address address = Address::of(remote);
    const uint16_t port = ntohs(remote.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(remote).sin6_port
                                                             : reinterpret_cast<sockaddr_in&>(remote).sin_port);
    const bool proxied = contains(shared_.options.trusted_proxies, address);
    if ((proxied ? shared_.admission.enter_proxied() : shared_.admission.enter(address, now_ms_)) != Refusal::none) {
      counters_.refused_connects++;
      ::close(fd);
      continue;
    }
    adopt_socket(fd, address, port, proxied);
  }
}

// No descriptor is left: a listener that stays ready would make the loop spin.
void Loop::turn_away(int listener) {
  counters_.refused_connects++;
  if (spare_fd_ >= 0) ::close(spare_fd_);
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) ::close(fd);
  spare_fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

Connection* Loop::adopt_socket(int fd, const Address& remote, uint16_t port, bool proxied) {
  uint32_t slot;
  if (!free_slots_.empty()) {
    slot = free_slots_.back();
    free_slots_.pop_back();
  } else if (slots_used_ < SLOTS_MAX) {
    slot = slots_used_;
    if (slot / CHUNK == chunks_.size()) chunks_.push_back(std::make_unique<Connection[]>(CHUNK));
    slots_used_++;
  } else {
    counters_.refused_connects++;
    proxied ? shared_.admission.leave_proxied() : shared_.admission.leave(remote, now_ms_);
    ::close(fd);
    return nullptr;
  }
  Connection& connection = at(slot);
  const uint32_t generation = (connection.generation + 1) & GENERATION_MASK;
  connection = Connection{};
  connection.generation = generation == 0 ? 1 : generation;
  connection.slot = slot;
  connection.fd = fd;
  connection.remote = remote;
  connection.remote_port = port;
  connection.awaits_proxy_header = proxied;
  connection.connected_at_ms = now_ms_;
  connection.last_message_ms = now_ms_;
  connection.tokens_at_ms = now_ms_;
  connection.message_tokens = static_cast<float>(limits_.messages_per_s);
  connection.vardiff = vardiff::start(vardiff::bounded(vardiff_, initial_difficulty_, 0, network_difficulty()), 0, now_ms_);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  counters_.connects++;
  counters_.connections++;
  if (!watch(connection, EPOLL_CTL_ADD)) {
    close(connection, CloseReason::limit);
    return nullptr;
  }
  timers_.add(key_of(connection), next_deadline(connection), connection.timer_tick);
  return &connection;
}

// Edges only: asking every socket again whether it is still readable after it was read costs as much as a tenth of reading it.
bool Loop::watch(Connection& connection, int operation) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET | (connection.blocked ? uint32_t{EPOLLOUT} : 0u);
  event.data.u64 = key_of(connection);
  return ::epoll_ctl(epoll_, operation, connection.fd, &event) == 0;
}

// What is left of a line waits in a buffer of its own and is put before the next bytes. One read a wake-up: nobody is served twice
// before everybody was served once. `more`: a read that is not refused is followed by another one, also where it took all there was, as
// behind the last bytes the end may stand.
void Loop::on_readable(Connection& connection, bool more) {
  if (!reading_) return read_on_.push_back(key_of(connection));
  size_t kept = 0;
  if (connection.input) {
    kept = connection.input->size();
    std::memcpy(read_buffer_.data(), connection.input->view().data(), kept);
  }
  const size_t room = read_buffer_.size() - kept;
  const ssize_t got = ::recv(connection.fd, read_buffer_.data() + kept, room, 0);
  if (got <= 0) {
    if (got < 0 && errno == EINTR) return read_on_.push_back(key_of(connection));
    if (got < 0 && errno == EAGAIN) return;
    return close(connection, CloseReason::peer);
  }
  if (more || connection.tls || static_cast<size_t>(got) == room) read_on_.push_back(key_of(connection));
  counters_.bytes_in += static_cast<uint64_t>(got);
  if (connection.input) {
    buffers_.put(connection.input);
    connection.input = nullptr;
  }
  const size_t size = kept + static_cast<size_t>(got);
  const size_t skipped = connection.awaits_proxy_header ? read_proxy_header(connection, {read_buffer_.data(), size}) : 0;
  if (connection.closing || connection.awaits_proxy_header) return;
  const std::string_view data(read_buffer_.data() + skipped, size - skipped);
  if (!connection.sniffed && is_tls(connection, data)) return hand_to_tls(connection, data);
  read_lines(connection, data.data(), data.size());
}

// A balancer says for whom it speaks; from then on the connection counts for that address. Returns the header's length.
size_t Loop::read_proxy_header(Connection& connection, std::string_view data) {
  const ProxyHeader header = parse_proxy_header(data);
  if (header.state == ProxyHeader::State::bad) {
    counters_.bad_lines++;
    close(connection, CloseReason::protocol);
    return 0;
  }
  if (header.state == ProxyHeader::State::incomplete) {
    buffers_.append(connection.input, data.data(), data.size());
    return 0;
  }
  const Address address = header.source.value_or(connection.remote);
  if (shared_.admission.enter(address, now_ms_) != Refusal::none) {
    counters_.refused_connects++;
    close(connection, CloseReason::limit);
    return 0;
  }
  shared_.admission.leave_proxied();
  connection.awaits_proxy_header = false;
  connection.remote = address;
  if (header.source) connection.remote_port = header.source_port;
  return header.bytes;
}

void Loop::read_lines(Connection& connection, const char* data, size_t size) {
  const char* at = data;
  const char* end = data + size;
  while (!connection.closing && at < end) {
    const auto* newline = static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
    const auto length = static_cast<size_t>((newline ? newline : end) - at);
    if (length > limits_.line_bytes_max) {
      counters_.bad_lines++;
      answer_error(connection, "null", ErrorCode::other, "a line is longer than " + std::to_string(limits_.line_bytes_max) + " bytes");
      return close(connection, CloseReason::line_too_long);
    }
    if (!newline) {
      buffers_.append(connection.input, at, length);
      return;
    }
    std::string_view line(at, length);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    at = newline + 1;
    if (!line.empty()) on_line(connection, line);
    if (submits_.size() >= SUBMITS_MAX) judge_submits();
  }
}

void Loop::append(Connection& connection, std::string_view bytes) {
  if (connection.closing) return;
  if ((connection.output ? connection.output->size() : 0) + bytes.size() > limits_.output_bytes_max) {
    return close(connection, CloseReason::slow_reader);
  }
  buffers_.append(connection.output, bytes.data(), bytes.size());
  if (!connection.dirty) {
    connection.dirty = true;
    dirty_.push_back(connection.slot);
  }
}

// For lines that everybody gets: straight from the shared text where nothing waits before it.
void Loop::write_or_keep(Connection& connection, std::string_view line) {
  if (!connection.output && !connection.blocked) {
    const ssize_t sent = ::send(connection.fd, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == static_cast<ssize_t>(line.size())) {
      counters_.bytes_out += line.size();
      return;
    }
    if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS) return close(connection, CloseReason::peer);
    if (sent > 0) {
      counters_.bytes_out += static_cast<uint64_t>(sent);
      line.remove_prefix(static_cast<size_t>(sent));
    }
  }
  append(connection, line);
}

void Loop::flush(Connection& connection) {
  if (!connection.output) return;
  while (connection.output->size() > 0) {
    const std::string_view bytes = connection.output->view();
    const ssize_t sent = ::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS)) return want_write(connection, true);
    if (sent < 0) return close(connection, CloseReason::peer);
    counters_.bytes_out += static_cast<uint64_t>(sent);
    connection.output->start += static_cast<uint32_t>(sent);
  }
  buffers_.put(connection.output);
  connection.output = nullptr;
  want_write(connection, false);
}

void Loop::flush_dirty() {
  for (const uint32_t slot : dirty_) {
    Connection& connection = at(slot);
    if (!connection.dirty) continue;
    connection.dirty = false;
    if (connection.fd >= 0 && !connection.closing && !connection.blocked) flush(connection);
  }
  dirty_.clear();
  if (answered_.empty()) return;
  const int64_t written_ns = monotonic_ns();
  for (const Answered& answered : answered_) counters_.answer.record(written_ns - answered.read_ns, answered.count);
  answered_.clear();
}

void Loop::want_write(Connection& connection, bool wanted) {
  if (connection.blocked == wanted) return;
  connection.blocked = wanted;
  connection.blocked_since_ms = now_ms_;
  watch(connection, EPOLL_CTL_MOD);
  if (wanted) timers_.add(key_of(connection), now_ms_ + limits_.slow_reader_timeout_ms, connection.timer_tick);
}

// The slot is free again at the end of the wake-up: until then events and submits may still name it.
void Loop::close(Connection& connection, CloseReason reason) {
  if (connection.closing) return;
  connection.closing = true;
  if (connection.output && !connection.blocked && reason != CloseReason::peer) {
    const std::string_view bytes = connection.output->view();
    if (::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0) end_politely(connection.fd);
  }
  buffers_.put(connection.output);
  buffers_.put(connection.input);
  connection.output = connection.input = nullptr;
  ::close(connection.fd);
  if (connection.tls) shared_.tls_connections.fetch_sub(1);
  counters_.closed[static_cast<size_t>(reason)]++;
  counters_.connections--;
  if (connection.subscribed) {
    counters_.subscribed--;
    shared_.extranonces.release(connection.extranonce, connection.session_token, shared_.tip.load());
  }
  if (connection.worker.id != 0) counters_.authorized--;
  connection.awaits_proxy_header ? shared_.admission.leave_proxied() : shared_.admission.leave(connection.remote, now_ms_);
  if (connection.known_to_typescript) shared_.events.push(ClosedEvent{id_of(connection), CLOSE_REASON_NAMES[static_cast<size_t>(reason)]});
  closed_slots_.push_back(connection.slot);
}

void Loop::reap() {
  for (const uint32_t slot : closed_slots_) {
    Connection& connection = at(slot);
    const uint32_t generation = connection.generation;
    connection = Connection{};
    connection.generation = generation;
    connection.slot = slot;
    free_slots_.push_back(slot);
  }
  closed_slots_.clear();
}

}  // namespace otedama::stratum
