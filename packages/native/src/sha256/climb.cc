// Merkle climbs cut into groups for the kernels that are active. SHA-NI and the portable code, which hash two and one at a time, go
// level by level through the batch.
#include "sha256/climb.h"

#include <cstring>

#include "sha256/cpu_features.h"

namespace otedama::sha256 {
namespace {

struct Kernel {
  uint32_t feature;
  size_t lanes;
  // Fewest nodes for which this kernel is worth its lanes; and the same where SHA-NI could take them.
  size_t worth_from;
  size_t worth_from_with_sha_ni;
  void (*run)(uint8_t* nodes, const uint32_t* branches, size_t levels);
};

constexpr size_t CLIMB_LANES_MAX = 48;

// Widest first.
constexpr Kernel KERNELS[] = {
#if defined(__x86_64__)
    {FEATURE_AVX512, 48, 36, 36, climb_three_avx512},
    {FEATURE_AVX512, 32, 20, 22, climb_two_avx512},
    {FEATURE_AVX512, 16, 4, 7, climb_avx512},
    {FEATURE_AVX2, 8, 3, 9, climb_avx2},
    {FEATURE_SSE41, 4, 2, 5, climb_sse41},
#endif
};

// Nodes that share no vector: pairs are made a level at a time.
void climb_by_levels(uint8_t* nodes, size_t count, const uint8_t* branches, size_t levels) {
  constexpr size_t TOGETHER = 8;
  uint8_t pairs[TOGETHER * 2 * DIGEST_BYTES];
  for (size_t first = 0; first < count; first += TOGETHER) {
    const size_t some = count - first < TOGETHER ? count - first : TOGETHER;
    uint8_t* at = nodes + DIGEST_BYTES * first;
    for (size_t level = 0; level < levels; level++) {
      for (size_t i = 0; i < some; i++) {
        std::memcpy(pairs + 2 * DIGEST_BYTES * i, at + DIGEST_BYTES * i, DIGEST_BYTES);
        std::memcpy(pairs + 2 * DIGEST_BYTES * i + DIGEST_BYTES, branches + DIGEST_BYTES * level, DIGEST_BYTES);
      }
      sha256d_many_64(pairs, at, some);
    }
  }
}

const Kernel* kernel_for(size_t nodes, uint32_t features) {
  for (const Kernel& kernel : KERNELS) {
    const size_t least = features & FEATURE_SHA_NI ? kernel.worth_from_with_sha_ni : kernel.worth_from;
    if ((features & kernel.feature) == kernel.feature && nodes >= least) return &kernel;
  }
  return nullptr;
}

}  // namespace

void merkle_climb_many(uint8_t* nodes, size_t count, const uint8_t* branches, size_t levels) {
  constexpr size_t STRETCH = 32;
  const uint32_t features = active_features();
  for (size_t from = 0; from < levels; from += STRETCH) {
    const size_t stretch = levels - from < STRETCH ? levels - from : STRETCH;
    uint32_t words[8 * STRETCH];
    for (size_t i = 0; i < 8 * stretch; i++) words[i] = load_be32(branches + DIGEST_BYTES * from + 4 * i);
    for (size_t first = 0; first < count;) {
      const Kernel* kernel = kernel_for(count - first, features);
      if (!kernel) {
        climb_by_levels(nodes + DIGEST_BYTES * first, count - first, branches + DIGEST_BYTES * from, stretch);
        break;
      }
      uint8_t* at = nodes + DIGEST_BYTES * first;
      const size_t used = count - first < kernel->lanes ? count - first : kernel->lanes;
      first += used;
      if (used == kernel->lanes) {
        kernel->run(at, words, stretch);
        continue;
      }
      uint8_t padded[CLIMB_LANES_MAX * DIGEST_BYTES] = {};
      std::memcpy(padded, at, DIGEST_BYTES * used);
      kernel->run(padded, words, stretch);
      std::memcpy(at, padded, DIGEST_BYTES * used);
    }
  }
}

}  // namespace otedama::sha256
