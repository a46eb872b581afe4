// mining.configure (BIP 310): what the miner can do beyond the plain protocol.
//
//   → {"id":1,"method":"mining.configure","params":[["version-rolling","minimum-difficulty"],
//      {"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":2,"minimum-difficulty.value":2048}]}
//   ← {"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000","minimum-difficulty":true},"error":null}
#include <bit>

#include "stratum/hex.h"
#include "stratum/loop.h"

namespace otedama::stratum {

namespace {

constexpr size_t EXTENSIONS_MAX = 16;
constexpr size_t EXTENSION_BYTES_MAX = 64;

// One option of the second param; absent where it is not given.
json::Value option_of(const json::Line& line, std::string_view wanted) {
  json::Value found;
  if (line.param_count < 2 || !line.params[1].is(json::Type::object)) return found;
  json::Members members(line.params[1]);
  for (json::Value name, value; members.next(name, value);) {
    if (!name.escaped && name.text == wanted) found = value;
  }
  return found;
}

}  // namespace

void Loop::on_configure(Connection& connection, const json::Line& line) {
  if (line.param_count == 0 || !line.params[0].is(json::Type::array)) {
    return answer_error(connection, line.id, ErrorCode::other, "the first param of mining.configure must be an array of extensions");
  }
  if (line.param_count > 1 && !line.params[1].is(json::Type::object) && !line.params[1].is(json::Type::null)) {
    return answer_error(connection, line.id, ErrorCode::other, "the second param of mining.configure must be an object of options");
  }
  std::string result = "{";
  const auto add = [&](std::string_view name, std::string_view value) {
    if (result.size() > 1) result += ',';
    json::append_string(result, name);
    result += ':';
    result += value;
  };
  double floor = -1;
  json::Elements extensions(line.params[0]);
  size_t count = 0;
  for (json::Value extension; extensions.next(extension);) {
    if (!extension.is(json::Type::string) || extension.text.size() > EXTENSION_BYTES_MAX || ++count > EXTENSIONS_MAX) {
      return answer_error(connection, line.id, ErrorCode::other, "extensions must be at most 16 names of at most 64 bytes");
    }
    std::string name_scratch;
    const std::string_view name = json::string_of(extension, name_scratch);
    if (name == "version-rolling") {
      uint32_t wanted = 0xffffffff;
      const json::Value mask = option_of(line, "version-rolling.mask");
      if (!mask.is(json::Type::absent) && (!mask.is(json::Type::string) || mask.escaped || !decode_hex_u32(mask.text, wanted))) {
        return answer_error(connection, line.id, ErrorCode::other, "version-rolling.mask must be 8 hex digits");
      }
      double bits = 0;
      const json::Value bit_count = option_of(line, "version-rolling.min-bit-count");
      if (!bit_count.is(json::Type::absent) && (!json::number_of(bit_count, bits) || bits < 0 || bits > 32)) {
        return answer_error(connection, line.id, ErrorCode::other, "version-rolling.min-bit-count must be a number from 0 to 32");
      }
      const uint32_t both = wanted & shared_.options.version_mask;
      const bool enough = both != 0 && std::popcount(both) >= bits;
      connection.version_rolling = enough;
      connection.version_mask = enough ? both : 0;
      add(name, enough ? "true" : "false");
      if (enough) add("version-rolling.mask", '"' + hex_of(both) + '"');
    } else if (name == "minimum-difficulty") {
      const json::Value value = option_of(line, "minimum-difficulty.value");
      if (!json::number_of(value, floor) || floor < 0) {
        return answer_error(connection, line.id, ErrorCode::other, "minimum-difficulty.value must be a number, 0 or more");
      }
      add(name, "true");
    } else {
      add(name, name == "subscribe-extranonce" || name == "info" ? "true" : "false");
      if (name == "subscribe-extranonce") connection.extranonce_subscribed = true;
    }
  }
  answer(connection, line.id, result + "}");
  if (floor >= 0) set_floor(connection, floor);
}

}  // namespace otedama::stratum
