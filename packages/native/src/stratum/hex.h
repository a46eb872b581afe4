// Strict hex: either letter case, exact length, nothing else.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace otedama::stratum {

inline constexpr std::array<int8_t, 256> HEX_VALUES = [] {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 10; i++) values['0' + i] = static_cast<int8_t>(i);
  for (int i = 0; i < 6; i++) values['a' + i] = values['A' + i] = static_cast<int8_t>(10 + i);
  return values;
}();

inline constexpr char HEX_DIGITS[] = "0123456789abcdef";

// Exactly `digits` digits (at most 16), most significant first.
inline bool decode_hex_number(std::string_view text, size_t digits, uint64_t& out) {
  if (text.size() != digits) return false;
  uint64_t value = 0;
  int bad = 0;
  for (const char c : text) {
    const int digit = HEX_VALUES[static_cast<uint8_t>(c)];
    bad |= digit;
    value = value << 4 | static_cast<uint64_t>(digit & 15);
  }
  out = value;
  return bad >= 0;
}

// Eight digits at once: each byte of a word is tested and converted in its place, then the nibbles are moved together.
inline bool decode_eight_digits(const char* text, uint32_t& out) {
  constexpr uint64_t ONES = 0x0101010101010101;
  constexpr uint64_t HIGHS = ONES * 0x80;
  uint64_t word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&word, text, 8);
  } else {
    for (size_t i = 0; i < 8; i++) word |= uint64_t{static_cast<uint8_t>(text[i])} << (8 * i);
  }
  // Below 0x80, no sum carries into the next byte. A sum's highest bit says that the byte is not below a bound.
  const uint64_t low = word & ~HIGHS;
  const auto from = [](uint64_t bytes, char bound) { return bytes + ONES * (0x80 - static_cast<uint64_t>(bound)); };
  const uint64_t digits = from(low, '0') & ~from(low, '9' + 1);
  const uint64_t letters = from(low | ONES * 0x20, 'a') & ~from(low | ONES * 0x20, 'f' + 1);
  if (((digits | letters) & ~word & HIGHS) != HIGHS) return false;
  uint64_t nibbles = (word & ONES * 0x0f) + 9 * (word >> 6 & ONES);
  nibbles = (nibbles << 4 | nibbles >> 8) & 0x00ff00ff00ff00ff;
  nibbles = (nibbles << 8 | nibbles >> 16) & 0x0000ffff0000ffff;
  out = static_cast<uint32_t>(nibbles << 16 | nibbles >> 32);
  return true;
}

inline bool decode_hex_u32(std::string_view text, uint32_t& out) { return text.size() == 8 && decode_eight_digits(text.data(), out); }

// Decodes exactly 2 × `bytes` digits.
inline bool decode_hex(std::string_view text, uint8_t* out, size_t bytes) {
  if (text.size() != bytes * 2) return false;
  size_t i = 0;
  for (uint32_t word; i + 4 <= bytes; i += 4) {
    if (!decode_eight_digits(text.data() + 2 * i, word)) return false;
    for (size_t j = 0; j < 4; j++) out[i + j] = static_cast<uint8_t>(word >> (24 - 8 * j));
  }
  int bad = 0;
  for (; i < bytes; i++) {
    const int high = HEX_VALUES[static_cast<uint8_t>(text[2 * i])];
    const int low = HEX_VALUES[static_cast<uint8_t>(text[2 * i + 1])];
    bad |= high | low;
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return bad >= 0;
}

inline void encode_hex(const uint8_t* data, size_t bytes, char* out) {
  for (size_t i = 0; i < bytes; i++) {
    out[2 * i] = HEX_DIGITS[data[i] >> 4];
    out[2 * i + 1] = HEX_DIGITS[data[i] & 15];
  }
}

inline void encode_hex_number(uint64_t value, size_t digits, char* out) {
  for (size_t i = 0; i < digits; i++) out[i] = HEX_DIGITS[value >> (4 * (digits - 1 - i)) & 15];
}

inline std::string hex_of(const uint8_t* data, size_t bytes) {
  std::string text(bytes * 2, '\0');
  encode_hex(data, bytes, text.data());
  return text;
}

inline std::string hex_of(uint32_t value) {
  std::string text(8, '\0');
  encode_hex_number(value, 8, text.data());
  return text;
}

}  // namespace otedama::stratum
