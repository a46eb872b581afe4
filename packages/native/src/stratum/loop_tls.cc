// TLS on the Stratum port. The engine knows a handshake by its first byte and leaves the rest to TypeScript: the miner's socket goes
// there, and the connection, with all that holds for it, goes on over a Unix socket that carries the plain lines.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stratum/loop.h"

namespace otedama::stratum {

namespace {

// RFC 8446, 5.1: the content type of a handshake record. No JSON begins with it.
constexpr char TLS_HANDSHAKE = 0x16;

}  // namespace

// Asked once a connection, when its first byte is here.
bool Loop::is_tls(Connection& connection, std::string_view data) {
  if (data.empty()) return false;
  connection.sniffed = true;
  return data.front() == TLS_HANDSHAKE;
}

void Loop::hand_to_tls(Connection& connection, std::string_view head) {
  const uint32_t most = shared_.options.tls_connections_max;
  if (most == 0) return close(connection, CloseReason::tls_not_configured);
  if (shared_.tls_connections.fetch_add(1) >= most) {
    shared_.tls_connections.fetch_sub(1);
    return close(connection, CloseReason::limit);
  }
  connection.tls = true;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) return close(connection, CloseReason::limit);
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.fd, nullptr);
  const auto sockets = std::make_shared<TlsSockets>(connection.fd, ends[1]);
  connection.fd = ends[0];
  if (!watch(connection, EPOLL_CTL_ADD) ||
      !shared_.events.offer(TlsEvent{sockets, std::string(head), connection.remote.text()})) {
    close(connection, CloseReason::limit);
  }
}

}  // namespace otedama::stratum
