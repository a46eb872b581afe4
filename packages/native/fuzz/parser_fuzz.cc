// Fuzzes the pure parsers: a line of JSON with all that is done to its values, hex, job ids, networks and PROXY headers. What they accept
// must survive being taken apart; what they decode must come out the same when it is written again.
#include <cstdlib>
#include <string>
#include <string_view>

#include "stratum/address.h"
#include "stratum/hex.h"
#include "stratum/job.h"
#include "stratum/json.h"
#include "stratum/proxy_protocol.h"

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  json::Line line;
  if (json::read_line(text, line) == nullptr) {
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
