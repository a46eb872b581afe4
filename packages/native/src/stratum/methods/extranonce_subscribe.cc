// mining.extranonce.subscribe: the miner can take a new extranonce1 in mid-flight (mining.set_extranonce).
//
//   → {"id":5,"method":"mining.extranonce.subscribe","params":[]}
//   ← {"id":5,"result":true,"error":null}
#include "stratum/loop.h"

namespace otedama::stratum {

void Loop::on_extranonce_subscribe(Connection& connection, const json::Line& line) {
  connection.extranonce_subscribed = true;
  answer(connection, line.id, "true");
}

}  // namespace otedama::stratum
