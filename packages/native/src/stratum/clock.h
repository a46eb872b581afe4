// The two clocks: one that never jumps for intervals, one that people read.
#pragma once

#include <time.h>

#include <cstdint>

namespace otedama::stratum {

inline int64_t monotonic_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

inline int64_t monotonic_ms() { return monotonic_ns() / 1'000'000; }

inline int64_t unix_ms() {
  timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
}

}  // namespace otedama::stratum
