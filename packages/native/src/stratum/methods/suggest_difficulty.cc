// mining.suggest_difficulty: the miner knows its own rate. It starts there, and vardiff does not go below it.
//
//   → {"id":3,"method":"mining.suggest_difficulty","params":[512]}
//   ← {"id":3,"result":true,"error":null}
#include "stratum/loop.h"

namespace otedama::stratum {

void Loop::on_suggest_difficulty(Connection& connection, const json::Line& line) {
  double difficulty;
  if (line.param_count == 0 || !json::number_of(line.params[0], difficulty) || difficulty <= 0) {
    return answer_error(connection, line.id, ErrorCode::other, "the param of mining.suggest_difficulty must be a number above 0");
  }
  answer(connection, line.id, "true");
  suggest(connection, difficulty);
}

void Loop::suggest(Connection& connection, double difficulty) {
  connection.vardiff.floor = difficulty;
  const double bounded = vardiff::bounded(vardiff_, difficulty, difficulty, network_difficulty());
  if (bounded != connection.vardiff.difficulty) retarget(connection, bounded);
}

}  // namespace otedama::stratum
