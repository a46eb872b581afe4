#include "stratum/submit_line.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace otedama::stratum {

namespace {

constexpr size_t BLOCK = 16;
constexpr size_t BYTES_MAX = 256;
// Three names, a method, six parameters.
constexpr size_t QUOTES_MAX = 20;
constexpr size_t STRINGS_MAX = 6;
constexpr size_t ID_DIGITS_MAX = 15;
constexpr std::string_view METHOD = "mining.submit";

struct Quotes {
  std::array<const char*, QUOTES_MAX + 2> at;
  size_t count = 0;
};

// Of one block: a bit for each quote; false where there is anything that the short way does not know.
bool quotes_of(const char* block, uint32_t& quotes) {
#if defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block));
  quotes = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'))));
  // Read as signed, control characters and all that is not ASCII are below a space.
  return _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')), _mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')))) == 0;
#else
  quotes = 0;
  bool plain = true;
  for (size_t i = 0; i < BLOCK; i++) {
    const auto byte = static_cast<uint8_t>(block[i]);
    quotes |= static_cast<uint32_t>(byte == '"') << i;
    plain &= byte != '\\' && byte >= ' ' && byte < 0x80;
  }
  return plain;
#endif
}

bool find_quotes(std::string_view text, Quotes& quotes) {
  if (text.size() < BLOCK || text.size() > BYTES_MAX) return false;
  const char* last = text.data() + text.size() - BLOCK;
  for (const char* block = text.data();; block += BLOCK) {
    uint32_t mask;
    size_t seen = 0;
    if (block > last) {
      // The end of the line, some of which was looked at before.
      seen = static_cast<size_t>(block - last);
      block = last;
    }
    if (!quotes_of(block, mask)) return false;
    mask = mask >> seen << seen;
    for (; mask != 0; mask &= mask - 1) {
      if (quotes.count == QUOTES_MAX) return false;
      quotes.at[quotes.count++] = block + std::countr_zero(mask);
    }
    if (block == last) return true;
  }
}

class Reader {
 public:
  Reader(std::string_view text, const Quotes& quotes) : at_(text.data()), end_(text.data() + text.size()), quotes_(quotes) {}

  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    at_++;
    return true;
  }

  void skip_space() { at_ += at_ != end_ && *at_ == ' '; }

  bool at_end() const { return at_ == end_; }

  bool take_string(std::string_view& text) {
    if (next_ + 2 > quotes_.count || at_ != quotes_.at[next_]) return false;
    text = {at_ + 1, static_cast<size_t>(quotes_.at[next_ + 1] - at_ - 1)};
    at_ = quotes_.at[next_ + 1] + 1;
    next_ += 2;
    return true;
  }

  bool take_number(std::string_view& text) {
    const char* start = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') at_++;
    const auto digits = static_cast<size_t>(at_ - start);
    text = {start, digits};
    return digits > 0 && digits <= ID_DIGITS_MAX && (*start != '0' || digits == 1);
  }

  bool take_strings(json::Line& line) {
    if (!take('[')) return false;
    for (;;) {
      if (line.param_count == STRINGS_MAX) return false;
      json::Value& value = line.params[line.param_count++];
      value.type = json::Type::string;
      value.escaped = false;
      if (!take_string(value.text)) return false;
      if (take(']')) return true;
      if (!take(',')) return false;
      skip_space();
    }
  }

 private:
  const char* at_;
  const char* end_;
  const Quotes& quotes_;
  size_t next_ = 0;
};

}  // namespace

bool read_submit_line(std::string_view text, json::Line& line) {
  Quotes quotes;
  if (text.empty() || text.front() != '{' || text.back() != '}' || !find_quotes(text, quotes)) return false;
  Reader reader(text, quotes);
  reader.take('{');
  line.param_count = 0;
  line.is_answer = false;
  line.result = {};
  bool has_id = false, has_method = false, has_params = false;
  for (int member = 0; member < 3; member++) {
    if (member > 0) {
      if (!reader.take(',')) return false;
      reader.skip_space();
    }
    std::string_view name;
    if (!reader.take_string(name) || !reader.take(':')) return false;
    reader.skip_space();
    if (name == "id" && !has_id) {
      has_id = reader.take_number(line.id);
      if (!has_id) return false;
    } else if (name == "method" && !has_method) {
      line.method.type = json::Type::string;
      line.method.escaped = false;
      has_method = reader.take_string(line.method.text) && line.method.text == METHOD;
      if (!has_method) return false;
    } else if (name == "params" && !has_params) {
      has_params = reader.take_strings(line);
      if (!has_params) return false;
    } else {
      return false;
    }
  }
  return reader.take('}') && reader.at_end();
}

}  // namespace otedama::stratum
