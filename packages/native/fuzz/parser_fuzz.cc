// Fuzzes the pure parsers: a line of JSON with all that is done to its values, hex, job ids, networks and PROXY headers. What they accept
// must survive being taken apart; what they decode must come out the same when it is written again; where there are two ways to read
// a thing, both must say the same.
#include <cstdlib>
#include <string>
#include <string_view>

#include "stratum/address.h"
#include "stratum/hex.h"
#include "stratum/job.h"
#include "stratum/json.h"
#include "stratum/proxy_protocol.h"
#include "stratum/submit_line.h"

using namespace otedama::stratum;

namespace {

void require(bool good) {
  if (!good) std::abort();
}

void walk(const json::Value& value, int depth) {
  std::string scratch;
  double number;
  json::number_of(value, number);
  if (value.is(json::Type::string)) {
    const std::string text(json::string_of(value, scratch));
    require(json::is_utf8(text));
    // Written and read again it is the same text.
    std::string line = "{\"method\":";
    json::append_string(line, text);
    line += '}';
    json::Line again;
    require(json::read_line(line, again) == nullptr);
    std::string scratch_again;
    require(json::string_of(again.method, scratch_again) == text);
  }
  if (depth > json::DEPTH_MAX) std::abort();
  if (value.is(json::Type::array)) {
    json::Elements elements(value);
    for (json::Value element; elements.next(element);) walk(element, depth + 1);
  }
  if (value.is(json::Type::object)) {
    json::Members members(value);
    for (json::Value name, member; members.next(name, member);) {
      walk(name, depth + 1);
      walk(member, depth + 1);
    }
  }
}

bool same(const json::Value& a, const json::Value& b) {
  return a.type == b.type && a.escaped == b.escaped && a.text.data() == b.text.data() && a.text.size() == b.text.size();
}

void compare_submit_line(std::string_view text, const json::Line& line, bool good) {
  json::Line quick;
  if (!read_submit_line(text, quick)) return;
  require(good && quick.id.data() == line.id.data() && quick.id == line.id && same(quick.method, line.method));
  require(quick.method.text == "mining.submit" && quick.param_count == line.param_count && quick.is_answer == line.is_answer);
  require(same(quick.result, line.result));
  for (size_t i = 0; i < line.param_count; i++) require(same(quick.params[i], line.params[i]));
}

void compare_hex(std::string_view text) {
  uint64_t slow;
  uint32_t quick;
  const bool good = decode_hex_number(text, 8, slow);
  require(decode_hex_u32(text, quick) == good && (!good || quick == slow));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  json::Line line;
  const bool good = json::read_line(text, line) == nullptr;
  compare_submit_line(text, line, good);
  compare_hex(text);
  if (good) {
    for (size_t i = 0; i < line.param_count; i++) compare_hex(line.params[i].text.substr(0, 8));
    require(json::is_utf8(text));
    walk(line.method, 0);
    walk(line.result, 0);
    for (size_t i = 0; i < line.param_count; i++) walk(line.params[i], 0);
  }
  WireJobId id;
  if (WireJobId::parse(text, id)) {
    char written[12];
    WireJobId again;
    require(WireJobId::parse({written, id.write(written)}, again) && again == id);
  }
  if (const auto network = Network::parse(text)) require(network->contains(network->base));
  uint8_t bytes[8];
  if (decode_hex(text, bytes, sizeof bytes)) require(text.size() == 16);
  const ProxyHeader header = parse_proxy_header(text);
  require(header.state != ProxyHeader::State::complete || (header.bytes > 0 && header.bytes <= text.size()));
  return 0;
}
