// mining.get_transactions: refused. A block's transactions are megabytes for a request of a few bytes.
//
//   → {"id":6,"method":"mining.get_transactions","params":["0000001a"]}
//   ← {"id":6,"result":null,"error":[20,"transactions are not served over Stratum: …",null]}
#include "stratum/loop.h"

namespace otedama::stratum {

void Loop::on_get_transactions(Connection& connection, const json::Line& line) {
  answer_error(connection, line.id, ErrorCode::other, "transactions are not served over Stratum: ask a Bitcoin node for its block template");
}

}  // namespace otedama::stratum
