#include "stratum/json.h"

#include <bit>
#include <cstring>

#include "stratum/hex.h"

namespace otedama::stratum::json {

namespace {

// How far a string goes on without anything to look at: its closing quote, an escape, a control character or the end. Eight bytes at a
// time; of a word's flags only the lowest is exact, and no other is used.
const char* plain_until(const char* at, const char* end) {
  constexpr uint64_t ONES = 0x0101010101010101;
  constexpr uint64_t HIGHS = 0x8080808080808080;
  if constexpr (std::endian::native == std::endian::little) {
    for (; end - at >= 8; at += 8) {
      uint64_t word;
      std::memcpy(&word, at, 8);
      const uint64_t quotes = word ^ ONES * '"';
      const uint64_t escapes = word ^ ONES * '\\';
      const uint64_t flags = (((quotes - ONES) & ~quotes) | ((escapes - ONES) & ~escapes) | ((word - ONES * 0x20) & ~word)) & HIGHS;
      if (flags != 0) return at + std::countr_zero(flags) / 8;
    }
  }
  while (at < end && *at != '"' && *at != '\\' && static_cast<uint8_t>(*at) >= 0x20) at++;
  return at;
}

// Reads values from a range. Where something is wrong, `fault` says what and every further call fails.
class Scanner {
 public:
  Scanner(const char* at, const char* end) : at(at), end(end) {}

  const char* at;
  const char* end;
  const char* fault = nullptr;

  bool fail(const char* why) {
    if (!fault) fault = why;
    return false;
  }

  void skip_space() {
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')) at++;
  }

  bool peek(char c) {
    skip_space();
    return at < end && *at == c;
  }

  bool take(char c) {
    if (!peek(c)) return false;
    at++;
    return true;
  }

  bool scan_string(Value& value) {
    const char* start = ++at;
    value.type = Type::string;
    value.escaped = false;
    for (;;) {
      at = plain_until(at, end);
      if (at >= end) return fail("a string has no end");
      const auto c = static_cast<uint8_t>(*at);
      if (c == '"') break;
      if (c < 0x20) return fail("a string holds a bare control character");
      if (c == '\\') {
        value.escaped = true;
        if (!scan_escape()) return false;
      } else {
        at++;
      }
    }
    value.text = {start, static_cast<size_t>(at - start)};
    at++;
    return true;
  }

  bool scan_value(Value& value, int depth) {
    skip_space();
    if (at >= end) return fail("the line ends too early");
    const char* start = at;
    switch (*at) {
      case '"':
        return scan_string(value);
      case '{':
      case '[': {
        if (depth >= DEPTH_MAX) return fail("values are nested too deeply");
        const bool good = *at == '{' ? scan_object(depth) : scan_array(depth);
        value.type = *start == '{' ? Type::object : Type::array;
        value.text = {start, static_cast<size_t>(at - start)};
        return good;
      }
      case 't':
        return scan_word(value, "true", Type::boolean_true);
      case 'f':
        return scan_word(value, "false", Type::boolean_false);
      case 'n':
        return scan_word(value, "null", Type::null);
      default:
        return scan_number(value);
    }
  }

 private:
  bool scan_hex4(uint32_t& code) {
    uint64_t value;
    if (end - at < 4 || !decode_hex_number({at, 4}, 4, value)) return fail("a \\u escape needs four hex digits");
    code = static_cast<uint32_t>(value);
    at += 4;
    return true;
  }

  bool scan_escape() {
    at++;
    if (at >= end) return fail("a string has no end");
    const char c = *at++;
    if (c == 'u') {
      uint32_t code;
      if (!scan_hex4(code)) return false;
      if (code >= 0xdc00 && code <= 0xdfff) return fail("a string holds half a surrogate pair");
      if (code >= 0xd800 && code <= 0xdbff) {
        if (end - at < 2 || at[0] != '\\' || at[1] != 'u') return fail("a string holds half a surrogate pair");
        at += 2;
        if (!scan_hex4(code)) return false;
        if (code < 0xdc00 || code > 0xdfff) return fail("a string holds half a surrogate pair");
      }
      return true;
    }
    return std::memchr("\"\\/bfnrt", c, 8) ? true : fail("a string holds an unknown escape");
  }

  bool scan_word(Value& value, std::string_view word, Type type) {
    if (static_cast<size_t>(end - at) < word.size() || std::memcmp(at, word.data(), word.size()) != 0) return fail("a value is not JSON");
    value.type = type;
    value.text = {at, word.size()};
    at += word.size();
    return true;
  }

  bool scan_digits() {
    const char* start = at;
    while (at < end && *at >= '0' && *at <= '9') at++;
    return at > start;
  }

  bool scan_number(Value& value) {
    const char* start = at;
    if (*at == '-') at++;
    if (at < end && *at == '0') {
      at++;
    } else if (!scan_digits()) {
      return fail("a value is not JSON");
    }
    if (at < end && *at == '.') {
      at++;
      if (!scan_digits()) return fail("a number lacks digits");
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
      at++;
      if (at < end && (*at == '+' || *at == '-')) at++;
      if (!scan_digits()) return fail("a number lacks digits");
    }
    value.type = Type::number;
    value.text = {start, static_cast<size_t>(at - start)};
    return true;
  }

  bool scan_array(int depth) {
    at++;
    if (take(']')) return true;
    for (Value element;;) {
      if (!scan_value(element, depth + 1)) return false;
      if (take(',')) continue;
      return take(']') || fail("an array has no end");
    }
  }

  bool scan_object(int depth) {
    at++;
    if (take('}')) return true;
    for (Value part;;) {
      if (!peek('"')) return fail("an object's key is not a string");
      if (!scan_string(part)) return false;
      if (!take(':')) return fail("an object's key has no value");
      if (!scan_value(part, depth + 1)) return false;
      if (take(',')) continue;
      return take('}') || fail("an object has no end");
    }
  }
};

bool read_params(Scanner& scanner, Line& line) {
  if (!scanner.take('[')) {
    Value other;
    if (!scanner.scan_value(other, 1)) return false;
    return other.is(Type::null) ? true : scanner.fail("params is not an array");
  }
  if (scanner.take(']')) return true;
  for (;;) {
    if (line.param_count == PARAMS_MAX) return scanner.fail("params has too many elements");
    Value& value = line.params[line.param_count++];
    value = {};
    if (!scanner.scan_value(value, 2)) return false;
    if (scanner.take(',')) continue;
    return scanner.take(']') || scanner.fail("params has no end");
  }
}

// A key may be spelled with escapes, and twice the same key is two meanings: both are refused rather than guessed at.
bool read_member(Scanner& scanner, Line& line, unsigned& seen) {
  Value key;
  Value value;
  if (!scanner.peek('"')) return scanner.fail("an object's key is not a string");
  if (!scanner.scan_string(key)) return false;
  if (!scanner.take(':')) return scanner.fail("an object's key has no value");
  std::string scratch;
  const std::string_view name = string_of(key, scratch);
  const auto once = [&](unsigned bit) {
    if (seen & bit) return false;
    seen |= bit;
    return true;
  };
  if (name == "params") {
    if (!once(1)) return scanner.fail("params stands there twice");
    scanner.skip_space();
    return read_params(scanner, line);
  }
  scanner.skip_space();
  const char* start = scanner.at;
  if (!scanner.scan_value(value, 1)) return false;
  if (name == "id") {
    if (!once(2)) return scanner.fail("id stands there twice");
    if (!value.is(Type::number) && !value.is(Type::string) && !value.is(Type::null)) {
      return scanner.fail("id is not a number, a string or null");
    }
    line.id = {start, static_cast<size_t>(scanner.at - start)};
  } else if (name == "method") {
    if (!once(4)) return scanner.fail("method stands there twice");
    if (!value.is(Type::string)) return scanner.fail("method is not a string");
    line.method = value;
  } else if (name == "result") {
    line.is_answer = true;
    line.result = value;
  } else if (name == "error") {
    line.is_answer = true;
  }
  return true;
}

}  // namespace

const char* read_line(std::string_view text, Line& line) {
  line.id = {};
  line.method = {};
  line.param_count = 0;
  line.is_answer = false;
  line.result = {};
  if (!is_utf8(text)) return "the line is not UTF-8";
  Scanner scanner(text.data(), text.data() + text.size());
  if (!scanner.take('{')) return "the line is not a JSON object";
  unsigned seen = 0;
  if (!scanner.take('}')) {
    for (;;) {
      if (!read_member(scanner, line, seen)) return scanner.fault;
      if (scanner.take(',')) continue;
      if (scanner.take('}')) break;
      return "the object has no end";
    }
  }
  scanner.skip_space();
  if (scanner.at != scanner.end) return "something follows the object";
  if (line.method.is(Type::absent) && !line.is_answer) return "method is missing";
  return nullptr;
}

Elements::Elements(const Value& array) : at_(array.text.data() + 1), end_(array.text.data() + array.text.size()) {}

bool Elements::next(Value& element) {
  Scanner scanner(at_, end_);
  scanner.take(',');
  if (scanner.peek(']') || !scanner.scan_value(element, 0)) return false;
  at_ = scanner.at;
  return true;
}

Members::Members(const Value& object) : at_(object.text.data() + 1), end_(object.text.data() + object.text.size()) {}

bool Members::next(Value& name, Value& value) {
  Scanner scanner(at_, end_);
  scanner.take(',');
  if (!scanner.peek('"') || !scanner.scan_string(name) || !scanner.take(':') || !scanner.scan_value(value, 0)) return false;
  at_ = scanner.at;
  return true;
}

}  // namespace otedama::stratum::json
