// Preloaded into a process (LD_PRELOAD), it shifts the wall clock that the process sees by as many nanoseconds as the file named by
// OTEDAMA_CLOCK_SHIFT says, a signed 64-bit number that may change at any time. The monotonic clock is left alone.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace {

constexpr int64_t SECOND_NS = 1'000'000'000;
const volatile int64_t* shift = nullptr;

__attribute__((constructor)) void open_shift() {
  const char* path = std::getenv("OTEDAMA_CLOCK_SHIFT");
  const int fd = path ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void* at = ::mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (at != MAP_FAILED) shift = static_cast<const volatile int64_t*>(at);
}

int64_t shifted_ns() {
  timespec now{};
  ::syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  return now.tv_sec * SECOND_NS + now.tv_nsec + (shift ? *shift : 0);
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* at) noexcept {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return static_cast<int>(::syscall(SYS_clock_gettime, clock, at));
  const int64_t now = shifted_ns();
  *at = {now / SECOND_NS, now % SECOND_NS};
  return 0;
}

extern "C" int gettimeofday(timeval* at, void*) noexcept {
  const int64_t now = shifted_ns();
  *at = {now / SECOND_NS, now % SECOND_NS / 1'000};
  return 0;
}

extern "C" time_t time(time_t* at) noexcept {
  const time_t now = shifted_ns() / SECOND_NS;
  if (at) *at = now;
  return now;
}
