// mining.ping: is anybody there?
//
//   → {"id":7,"method":"mining.ping","params":[]}
//   ← {"id":7,"result":"pong","error":null}
#include "stratum/loop.h"

namespace otedama::stratum {

void Loop::on_ping(Connection& connection, const json::Line& line) { answer(connection, line.id, "\"pong\""); }

}  // namespace otedama::stratum
