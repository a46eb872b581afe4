// The seam between the Merkle climb's dispatcher and its kernels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sha256/round_constants.h"
#include "sha256/sha256.h"

namespace otedama::sha256 {

// The schedule of the second block of a message of 64 bytes, round constants added: its words are padding, and always the same.
alignas(64) inline constexpr auto PAIR_PADDING_WORDS = [] {
  std::array<uint32_t, 64> w{};
  const auto ror = [](uint32_t x, int n) { return x >> n | x << (32 - n); };
  w[0] = 0x80000000;
  w[15] = 2 * DIGEST_BYTES * 8;
  for (size_t i = 16; i < 64; i++) {
    const uint32_t s0 = ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3;
    const uint32_t s1 = ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  for (size_t i = 0; i < 64; i++) w[i] += K[i];
  return w;
}();

// Each takes as many nodes as it has lanes, 32 bytes each in a row, and replaces each by what it becomes at the top. `branches` are
// eight big-endian words a level.
#if defined(__x86_64__)
void climb_sse41(uint8_t* nodes, const uint32_t* branches, size_t levels);
void climb_avx2(uint8_t* nodes, const uint32_t* branches, size_t levels);
void climb_avx512(uint8_t* nodes, const uint32_t* branches, size_t levels);
// Two and three vectors side by side.
void climb_two_avx512(uint8_t* nodes, const uint32_t* branches, size_t levels);
void climb_three_avx512(uint8_t* nodes, const uint32_t* branches, size_t levels);
#endif

}  // namespace otedama::sha256
