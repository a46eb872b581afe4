#include "stratum/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include "stratum/address.h"

namespace otedama::stratum {

namespace {

constexpr int BACKLOG = 4096;

std::string name_of(const Listen& listen) {
  return (listen.host.find(':') == std::string::npos ? listen.host : "[" + listen.host + "]") + ":" + std::to_string(listen.port);
}

[[noreturn]] void fail(const Listen& wanted, int error) {
  std::string sentence = "Stratum cannot listen on " + name_of(wanted) + ": ";
  if (error == EADDRINUSE) {
    sentence += "the port is in use by another program; stop that one or set another port";
  } else if (error == EACCES) {
    sentence += "this user may not use the port; set one above 1023";
  } else if (error == EADDRNOTAVAIL) {
    sentence += "this machine does not have that address; set one of its own, or 0.0.0.0 for all";
  } else {
    sentence += std::strerror(error);
  }
  throw std::runtime_error(sentence);
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

SocketAddress resolve(const Listen& wanted) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(wanted.host.c_str(), std::to_string(wanted.port).c_str(), &hints, &found);
  if (error != 0 || !found) throw std::runtime_error("Stratum cannot listen on " + name_of(wanted) + ": the host is not known here (" + gai_strerror(error) + ")");
  SocketAddress address;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.length = found->ai_addrlen;
  ::freeaddrinfo(found);
  return address;
}

uint16_t port_of(int fd) {
  SocketAddress bound;
  bound.length = sizeof bound.storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound.storage), &bound.length);
  return ntohs(bound.storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound.storage).sin6_port
                                                   : reinterpret_cast<sockaddr_in&>(bound.storage).sin_port);
}

int bind_one(const Listen& wanted, const SocketAddress& address, bool shared) {
  const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  const bool good = fd >= 0 && ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                    (!shared || ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
                    ::bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0 && ::listen(fd, BACKLOG) == 0;
  if (!good) {
    const int error = errno;
    if (fd >= 0) ::close(fd);
    fail(wanted, error);
  }
  return fd;
}

}  // namespace

// A port shared by SO_REUSEPORT would also be shared with another process of the same user, who would get half of the miners: whether
// somebody is there already is asked with a socket that does not share.
BoundAddress bind_listeners(const Listen& wanted, uint32_t count) {
  SocketAddress address = resolve(wanted);
  const int probe = bind_one(wanted, address, false);
  BoundAddress result;
  result.bound = {wanted.host, port_of(probe)};
  ::close(probe);
  address = resolve(result.bound);
  try {
    for (uint32_t i = 0; i < count; i++) result.descriptors.push_back(bind_one(result.bound, address, true));
  } catch (...) {
    for (const int fd : result.descriptors) ::close(fd);
    throw;
  }
  return result;
}

}  // namespace otedama::stratum
