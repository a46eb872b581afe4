#include "stratum/packet.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace otedama::stratum {

namespace {

constexpr int SILENCE_MAX_S = 20;
constexpr int SOCKET_BYTES = 4 << 20;

[[noreturn]] void fail(const std::string& doing) { throw std::runtime_error(doing + ": " + std::strerror(errno)); }

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    throw std::runtime_error("the path of a takeover socket must have 1 … " + std::to_string(sizeof address.sun_path - 1) + " bytes: " + path);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

}  // namespace

PacketSocket::PacketSocket(int fd) : fd_(fd), buffer_(BYTES_MAX) {
  const timeval silence{SILENCE_MAX_S, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof silence);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &SOCKET_BYTES, sizeof SOCKET_BYTES);
}

PacketSocket::~PacketSocket() { ::close(fd_); }

void PacketSocket::send(const PacketWriter& packet, int descriptor) {
  iovec part{const_cast<char*>(packet.bytes().data()), packet.bytes().size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  ssize_t sent;
  // The kernel bounds the descriptors under way (ETOOMANYREFS): the other end is given time to take them.
  while ((sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL)) < 0 && (errno == EINTR || errno == ETOOMANYREFS)) {
    if (errno == ETOOMANYREFS) ::usleep(1000);
  }
  if (sent < 0) fail("the other engine cannot be written to");
}

char PacketSocket::receive(std::string& packet, int& descriptor) {
  descriptor = -1;
  iovec part{buffer_.data(), buffer_.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got;
  while ((got = ::recvmsg(fd_, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (got < 0) fail("the other engine does not answer");
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  }
  if (got == 0) throw std::runtime_error("the other engine has ended");
  if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) throw std::runtime_error("the other engine sent a message that is too long, or no descriptor is left");
  packet.assign(buffer_.data() + 1, static_cast<size_t>(got) - 1);
  return buffer_[0];
}

// The path is there when the socket listens, and not before: it is made under another name.
int listen_at(const std::string& path) {
  const std::string making = path + "~";
  const sockaddr_un address = address_of(making);
  const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("a takeover socket cannot be made");
  // What lies there is of an engine that is gone: two live ones cannot share a log.
  ::unlink(making.c_str());
  const mode_t mask = ::umask(0177);
  const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::umask(mask);
  if (!bound || ::listen(fd, 1) != 0 || ::rename(making.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::close(fd);
    errno = error;
    fail("the takeover socket " + path + " cannot be made");
  }
  return fd;
}

int connect_to(const std::string& path) {
  const sockaddr_un address = address_of(path);
  const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("a takeover socket cannot be made");
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(fd);
    errno = error;
    fail("no running pool offers a takeover at " + path);
  }
  return fd;
}

}  // namespace otedama::stratum
