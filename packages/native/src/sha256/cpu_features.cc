#include "sha256/cpu_features.h"

#include <atomic>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace otedama {
namespace {

#if defined(__x86_64__)
uint64_t xgetbv0() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

// Bits as in the Intel SDM, volume 2A, CPUID leaves 1 and 7, and volume 1, section 13.3 (XCR0).
uint32_t detect() {
  uint32_t a, b, c, d;
  uint32_t found = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  const bool ssse3 = c & (1u << 9);
  if (ssse3 && (c & (1u << 19))) found |= FEATURE_SSE41;
  if (c & (1u << 20)) found |= FEATURE_SSE42;
  const bool osxsave = c & (1u << 27);
  const bool avx = c & (1u << 28);
  const uint64_t saved = osxsave ? xgetbv0() : 0;
  const bool saves_ymm = (saved & 0x06) == 0x06;
  const bool saves_zmm = (saved & 0xe6) == 0xe6;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  if ((found & FEATURE_SSE41) && (b & (1u << 29))) found |= FEATURE_SHA_NI;
  if (avx && saves_ymm && (b & (1u << 5))) found |= FEATURE_AVX2;
  constexpr uint32_t F = 1u << 16, BW = 1u << 30, VL = 1u << 31;
  if ((found & FEATURE_AVX2) && saves_zmm && (b & (F | BW | VL)) == (F | BW | VL)) found |= FEATURE_AVX512;
  return found;
}
#else
uint32_t detect() { return 0; }
#endif

std::atomic<uint32_t> mask{~0u};

}  // namespace

uint32_t cpu_features() {
  static const uint32_t detected = detect();
  return detected;
}

uint32_t active_features() { return cpu_features() & mask.load(std::memory_order_relaxed); }

void set_feature_mask(uint32_t value) { mask.store(value, std::memory_order_relaxed); }

}  // namespace otedama
