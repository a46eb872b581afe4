// Preloaded into a pool process: kills it with signal 9 when it comes to the point that DIE_AT names, as no signal from outside could be timed.
//
//   hello           it has greeted the pool that runs
//   engine          it has reached that pool's engine
//   descriptor N    its N-th descriptor has come over a socket, and what follows has not
//   lock            everything has come, and it opens the share log
//   answer          it has the share log, and is about to say so
#include <dlfcn.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

std::string_view point() {
  const char* name = std::getenv("DIE_AT");
  return name ? name : "";
}

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

void die() { ::kill(::getpid(), SIGKILL); }

}  // namespace

extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
  static auto* const real = next<ssize_t(int, const void*, size_t)>("write");
  const ssize_t written = real(fd, data, size);
  if (point() == "hello" && std::string_view(static_cast<const char*>(data), size).starts_with("{\"kind\":\"hello\"")) die();
  return written;
}

int connect(int fd, const sockaddr* address, socklen_t size) {
  static auto* const real = next<int(int, const sockaddr*, socklen_t)>("connect");
  const int result = real(fd, address, size);
  if (point() == "engine" && address->sa_family == AF_UNIX &&
      std::string_view(reinterpret_cast<const sockaddr_un*>(address)->sun_path).ends_with("/engine.sock")) {
    die();
  }
  return result;
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
  static auto* const real = next<ssize_t(int, msghdr*, int)>("recvmsg");
  static int descriptors = 0;
  const ssize_t got = real(fd, message, flags);
  constexpr std::string_view DESCRIPTOR = "descriptor ";
  if (got > 0 && CMSG_FIRSTHDR(message) && CMSG_FIRSTHDR(message)->cmsg_type == SCM_RIGHTS && point().starts_with(DESCRIPTOR) &&
      ++descriptors == std::atoi(point().data() + DESCRIPTOR.size())) {
    die();
  }
  return got;
}

int flock(int fd, int operation) {
  static auto* const real = next<int(int, int)>("flock");
  if (point() == "lock") die();
  return real(fd, operation);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static auto* const real = next<ssize_t(int, const msghdr*, int)>("sendmsg");
  if (point() == "answer" && message->msg_iov->iov_len == 1 && *static_cast<const char*>(message->msg_iov->iov_base) == 'A') die();
  return real(fd, message, flags);
}
}
