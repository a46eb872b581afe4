// Which instruction sets the kernels may use: what the CPU has (CPUID), what the operating system saves on a context switch
// (XGETBV), and what tests leave switched on.
#pragma once

#include <cstdint>

namespace otedama {

enum Feature : uint32_t {
  FEATURE_SSE41 = 1u << 0,
  FEATURE_AVX2 = 1u << 1,
  // F, BW and VL together: the kernels need no other.
  FEATURE_AVX512 = 1u << 2,
  FEATURE_SHA_NI = 1u << 3,
  FEATURE_SSE42 = 1u << 4,
};

// Detected once.
uint32_t cpu_features();
// Detected features less those masked away.
uint32_t active_features();
// Tests lower the mask to walk every path on one machine; ~0 lifts it again. Takes effect for calls that begin afterwards.
void set_feature_mask(uint32_t mask);

}  // namespace otedama
