// A strict JSON reader (RFC 8259) for one line of Stratum: nothing is copied, nesting is bounded, and what is not JSON is refused with
// a sentence that says why.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace otedama::stratum::json {

inline constexpr int DEPTH_MAX = 8;
inline constexpr size_t PARAMS_MAX = 32;

enum class Type : uint8_t { absent, string, number, boolean_true, boolean_false, null, array, object };

struct Value {
  Type type = Type::absent;
  // Whether a string holds backslash escapes.
  bool escaped = false;
  // As it stands in the line; strings without their quotes.
  std::string_view text;

  bool is(Type wanted) const { return type == wanted; }
};

// One request (or a client's answer to a request of ours).
struct Line {
  // As it stands in the line, quotes included; empty where there is none.
  std::string_view id;
  Value method;
  // The elements of the `params` array.
  std::array<Value, PARAMS_MAX> params;
  size_t param_count = 0;
  // `result` or `error` instead of `method`: the client answers.
  bool is_answer = false;
  Value result;
};

// Null where the line is good, else what is wrong with it. Views point into `text`.
const char* read_line(std::string_view text, Line& line);

bool is_utf8(std::string_view text);

// A string's characters; `scratch` holds them where escapes had to be resolved.
std::string_view string_of(const Value& value, std::string& scratch);

// A finite number, from a JSON number (or a string that holds one, where a dialect quotes numbers).
bool number_of(const Value& value, double& out);

// Walks the elements of an array that read_line has accepted. False at its end.
class Elements {
 public:
  explicit Elements(const Value& array);
  bool next(Value& element);

 private:
  const char* at_;
  const char* end_;
};

// Walks the members of an object that read_line has accepted.
class Members {
 public:
  explicit Members(const Value& object);
  bool next(Value& name, Value& value);

 private:
  const char* at_;
  const char* end_;
};

// Appends `text` as a JSON string with its quotes.
void append_string(std::string& out, std::string_view text);

}  // namespace otedama::stratum::json
