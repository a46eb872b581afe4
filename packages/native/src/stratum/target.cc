#include "stratum/target.h"

#include <cmath>
#include <cstring>

namespace otedama::stratum {

namespace {

constexpr Target ALL_ONES = {~0ull, ~0ull, ~0ull, ~0ull};

}  // namespace

// A double is m·2ᵉ with a 53-bit integer m, so the target is floor(0xffff·2^(208−e) / m): a long division by one word, one
// bit at a time for as many bits as the shift asks for. It runs once for each difficulty that a connection is given.
Target target_of_difficulty(double difficulty) {
  if (!(difficulty > 0)) return ALL_ONES;
  if (std::isinf(difficulty)) return {};
  int exponent;
  const double fraction = std::frexp(difficulty, &exponent);
  const auto divisor = static_cast<uint64_t>(std::ldexp(fraction, 53));
  const int shift = 208 - (exponent - 53);
  if (shift < 0) return {};
  unsigned __int128 remainder = 0;
  Target quotient{};
  for (int bit = 15 + shift; bit >= 0; bit--) {
    if (quotient[3] >> 63) return ALL_ONES;
    const int digit = bit >= shift ? 0xffff >> (bit - shift) & 1 : 0;
    remainder = remainder << 1 | static_cast<unsigned>(digit);
    for (int i = 3; i > 0; i--) quotient[i] = quotient[i] << 1 | quotient[i - 1] >> 63;
    quotient[0] <<= 1;
    if (remainder >= divisor) {
      remainder -= divisor;
      quotient[0] |= 1;
    }
  }
  return quotient;
}

Target target_of_nbits(uint32_t nbits) {
  const uint32_t size = nbits >> 24;
  const uint32_t word = nbits & 0x007fffff;
  if (word == 0 || nbits & 0x00800000) return {};
  if (size > 34 || (word > 0xff && size > 33) || (word > 0xffff && size > 32)) return {};
  std::array<uint8_t, 32> bytes{};
  for (int i = 0; i < 3; i++) {
    const int at = static_cast<int>(size) - 3 + i;
    if (at >= 0 && at < 32) bytes[static_cast<size_t>(at)] = static_cast<uint8_t>(word >> (8 * i));
  }
  return target_of_hash(bytes.data());
}

double difficulty_of_target(const Target& target) {
  const double value = static_cast<double>(target[3]) * 0x1p192 + static_cast<double>(target[2]) * 0x1p128 +
                       static_cast<double>(target[1]) * 0x1p64 + static_cast<double>(target[0]);
  return 65535 * 0x1p208 / (value > 0 ? value : 1.0);
}

Target target_of_hash(const uint8_t hash[32]) {
  Target target;
  for (size_t i = 0; i < 4; i++) {
    uint64_t word = 0;
    for (size_t j = 0; j < 8; j++) word |= uint64_t{hash[8 * i + j]} << (8 * j);
    target[i] = word;
  }
  return target;
}

}  // namespace otedama::stratum
