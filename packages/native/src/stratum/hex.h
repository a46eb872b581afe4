// Strict hex: either letter case, exact length, nothing else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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

// Decodes exactly 2 × `bytes` digits.
inline bool decode_hex(std::string_view text, uint8_t* out, size_t bytes) {
  if (text.size() != bytes * 2) return false;
  int bad = 0;
  for (size_t i = 0; i < bytes; i++) {
    const int high = HEX_VALUES[static_cast<uint8_t>(text[2 * i])];
    const int low = HEX_VALUES[static_cast<uint8_t>(text[2 * i + 1])];
    bad |= high | low;
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return bad >= 0;
}

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

inline bool decode_hex_u32(std::string_view text, uint32_t& out) {
  uint64_t value;
  if (!decode_hex_number(text, 8, value)) return false;
  out = static_cast<uint32_t>(value);
  return true;
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
