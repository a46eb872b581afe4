// What values of a line stand for: characters, escapes and numbers.
#include <charconv>
#include <cmath>
#include <cstring>

#include "stratum/hex.h"
#include "stratum/json.h"

namespace otedama::stratum::json {

bool is_utf8(std::string_view text) {
  uint8_t all = 0;
  for (const char c : text) all |= static_cast<uint8_t>(c);
  if (all < 0x80) return true;
  const auto* p = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* end = p + text.size();
  while (p < end) {
    if (end - p >= 8) {
      uint64_t word;
      std::memcpy(&word, p, 8);
      if (!(word & 0x8080808080808080ull)) {
        p += 8;
        continue;
      }
    }
    const uint8_t c = *p++;
    if (c < 0x80) continue;
    int more;
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    if (c >= 0xc2 && c <= 0xdf) {
      more = 1;
    } else if (c >= 0xe0 && c <= 0xef) {
      more = 2;
      if (c == 0xe0) low = 0xa0;
      if (c == 0xed) high = 0x9f;
    } else if (c >= 0xf0 && c <= 0xf4) {
      more = 3;
      if (c == 0xf0) low = 0x90;
      if (c == 0xf4) high = 0x8f;
    } else {
      return false;
    }
    for (; more > 0; more--, low = 0x80, high = 0xbf) {
      if (p >= end || *p < low || *p > high) return false;
      p++;
    }
  }
  return true;
}

namespace {

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

}  // namespace

std::string_view string_of(const Value& value, std::string& scratch) {
  if (!value.escaped) return value.text;
  scratch.clear();
  const std::string_view text = value.text;
  const auto hex4 = [&](size_t at) {
    uint64_t code = 0;
    decode_hex_number(text.substr(at, 4), 4, code);
    return static_cast<uint32_t>(code);
  };
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '\\') {
      scratch += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'b': scratch += '\b'; break;
      case 'f': scratch += '\f'; break;
      case 'n': scratch += '\n'; break;
      case 'r': scratch += '\r'; break;
      case 't': scratch += '\t'; break;
      case 'u': {
        uint32_t code = hex4(i + 1);
        i += 4;
        if (code >= 0xd800 && code <= 0xdbff) {
          code = 0x10000 + ((code - 0xd800) << 10) + (hex4(i + 3) - 0xdc00);
          i += 6;
        }
        append_utf8(scratch, code);
        break;
      }
      default: scratch += text[i];
    }
  }
  return scratch;
}

bool number_of(const Value& value, double& out) {
  if (!value.is(Type::number) && !(value.is(Type::string) && !value.escaped)) return false;
  const char* end = value.text.data() + value.text.size();
  const auto result = std::from_chars(value.text.data(), end, out);
  return result.ec == std::errc() && result.ptr == end && std::isfinite(out);
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += HEX_DIGITS[byte >> 4];
      out += HEX_DIGITS[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace otedama::stratum::json
