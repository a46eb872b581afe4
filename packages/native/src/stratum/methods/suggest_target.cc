// mining.suggest_target: as mining.suggest_difficulty, as a target of 256 bits.
//
//   → {"id":3,"method":"mining.suggest_target","params":["00000000ffff0000000000000000000000000000000000000000000000000000"]}
//   ← {"id":3,"result":true,"error":null}
#include <algorithm>

#include "stratum/hex.h"
#include "stratum/loop.h"

namespace otedama::stratum {

void Loop::on_suggest_target(Connection& connection, const json::Line& line) {
  uint8_t bytes[32];
  if (line.param_count == 0 || !line.params[0].is(json::Type::string) ||
      !decode_hex(json::string_of(line.params[0], text_scratch_), bytes, sizeof bytes)) {
    return answer_error(connection, line.id, ErrorCode::other, "the param of mining.suggest_target must be 64 hex digits");
  }
  std::reverse(std::begin(bytes), std::end(bytes));
  answer(connection, line.id, "true");
  suggest(connection, difficulty_of_target(target_of_hash(bytes)));
}

}  // namespace otedama::stratum
