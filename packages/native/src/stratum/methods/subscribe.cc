// mining.subscribe: gives the connection its extranonce1, or an earlier one back where it names its session.
//
//   → {"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1","0001a2b3c4d5…"]}
//   ← {"id":1,"result":[[["mining.set_difficulty","0001a2b3c4d5…"],["mining.notify","0001a2b3c4d5…"]],"0001a2b3c4d5",8],"error":null}
//
// A session id is the extranonce1 and a secret of eight bytes, in hex.
#include "stratum/hex.h"
#include "stratum/loop.h"

namespace otedama::stratum {

namespace {

struct SessionId {
  uint16_t prefix;
  uint32_t number;
  uint64_t token;
};

bool parse_session(std::string_view text, SessionId& session) {
  uint64_t prefix;
  if (text.size() != 28 || !decode_hex_number(text.substr(0, 4), 4, prefix)) return false;
  session.prefix = static_cast<uint16_t>(prefix);
  return decode_hex_u32(text.substr(4, 8), session.number) && decode_hex_number(text.substr(12), 16, session.token);
}

}  // namespace

std::string Loop::extranonce_text(const Connection& connection) {
  std::string text(12, '0');
  encode_hex_number(connection.extranonce_prefix, 4, text.data());
  encode_hex_number(connection.extranonce, 8, text.data() + 4);
  return text;
}

void Loop::on_subscribe(Connection& connection, const json::Line& line) {
  if (line.param_count > 0 && !line.params[0].is(json::Type::string) && !line.params[0].is(json::Type::null)) {
    return answer_error(connection, line.id, ErrorCode::other, "the first param of mining.subscribe must be the miner's name, a string");
  }
  if (line.param_count > 0 && line.params[0].is(json::Type::string)) {
    connection.agent = shared_.agents.intern(json::string_of(line.params[0], text_scratch_));
  }
  if (!connection.subscribed) {
    SessionId session;
    const bool asks = line.param_count > 1 && line.params[1].is(json::Type::string) && !line.params[1].escaped &&
                      parse_session(line.params[1].text, session) && session.prefix == shared_.extranonce_prefix.load();
    const auto resumed = asks ? shared_.extranonces.resume(session.number, session.token) : std::nullopt;
    connection.extranonce_prefix = shared_.extranonce_prefix.load();
    connection.extranonce = resumed ? *resumed : shared_.extranonces.take();
    connection.session_token = resumed ? session.token : random_secret();
    connection.subscribed = true;
    counters_.subscribed++;
  }
  std::string token(16, '0');
  encode_hex_number(connection.session_token, 16, token.data());
  const std::string extranonce1 = extranonce_text(connection);
  const std::string session_id = extranonce1 + token;
  answer(connection, line.id,
         "[[[\"mining.set_difficulty\",\"" + session_id + "\"],[\"mining.notify\",\"" + session_id + "\"]],\"" + extranonce1 + "\"," +
             std::to_string(EXTRANONCE2_BYTES) + "]");
  if (connection.agent == 0) append(connection, "{\"id\":0,\"method\":\"client.get_version\",\"params\":[]}\n");
  activate(connection);
}

}  // namespace otedama::stratum
