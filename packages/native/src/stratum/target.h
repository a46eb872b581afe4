// Difficulty, target and hash: difficulty d means that a hash, read as a little-endian number, is at most 0xffff·2²⁰⁸ / d.
#pragma once

#include <array>
#include <cstdint>

namespace otedama::stratum {

// 256 bits, least significant word first.
using Target = std::array<uint64_t, 4>;

// floor(0xffff·2²⁰⁸ / difficulty), exact for every positive double; all ones where it would need more than 256 bits.
Target target_of_difficulty(double difficulty);

// The target that a block header's nBits stand for; zero where they are negative or overflow, as consensus has it.
Target target_of_nbits(uint32_t nbits);

double difficulty_of_target(const Target& target);

// `hash` in wire order.
Target target_of_hash(const uint8_t hash[32]);

inline bool meets(const Target& hash, const Target& target) {
  for (int i = 3; i >= 0; i--) {
    if (hash[i] != target[i]) return hash[i] < target[i];
  }
  return true;
}

}  // namespace otedama::stratum
