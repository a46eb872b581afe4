// The loop's conversation: lines in, answers out. Each wire method has its own file in methods/.
#include <algorithm>

#include "stratum/clock.h"
#include "stratum/loop.h"
#include "stratum/submit_line.h"

namespace otedama::stratum {

namespace {

// Seconds' worth of messages that may come at once: shares in a row before the first retarget are no flood.
constexpr float MESSAGE_BURST_S = 5;

}  // namespace

void Loop::on_line(Connection& connection, std::string_view text) {
  connection.last_message_ms = now_ms_;
  if (!take_message_token(connection)) return close(connection, CloseReason::flood);
  if (read_submit_line(text, line_)) return on_submit(connection, line_);
  if (const char* fault = json::read_line(text, line_)) return bad_line(connection, fault);
  if (line_.id.size() > ID_BYTES_MAX) {
    line_.id = {};
    return bad_line(connection, "id is longer than 64 characters");
  }
  if (line_.id.empty()) line_.id = "null";
  if (line_.is_answer && line_.method.is(json::Type::absent)) {
    // The only question we ask is client.get_version.
    if (connection.agent == 0 && line_.result.is(json::Type::string)) {
      connection.agent = shared_.agents.intern(json::string_of(line_.result, text_scratch_));
    }
    return;
  }
  dispatch(connection, line_);
}

void Loop::dispatch(Connection& connection, const json::Line& line) {
  const std::string_view method = line.method.escaped ? std::string_view{} : line.method.text;
  if (method == "mining.submit") return on_submit(connection, line);
  if (method == "mining.subscribe") return on_subscribe(connection, line);
  if (method == "mining.authorize") return on_authorize(connection, line);
  if (method == "mining.configure") return on_configure(connection, line);
  if (method == "mining.suggest_difficulty") return on_suggest_difficulty(connection, line);
  if (method == "mining.suggest_target") return on_suggest_target(connection, line);
  if (method == "mining.extranonce.subscribe") return on_extranonce_subscribe(connection, line);
  if (method == "mining.get_transactions") return on_get_transactions(connection, line);
  if (method == "mining.ping") return on_ping(connection, line);
  std::string message = "unknown method ";
  message += method.substr(0, 64);
  answer_error(connection, line.id, ErrorCode::other, message);
}

// Binary junk is answered a few times, so that a person with a terminal learns what is wrong, and then cut off.
void Loop::bad_line(Connection& connection, const char* fault) {
  counters_.bad_lines++;
  answer_error(connection, "null", ErrorCode::other, std::string("not a Stratum message: ") + fault);
  if (++connection.bad_lines >= BAD_LINES_MAX) close(connection, CloseReason::protocol);
}

void Loop::answer(Connection& connection, std::string_view id, std::string_view result) {
  scratch_.clear();
  scratch_ += "{\"id\":";
  scratch_ += id;
  scratch_ += ",\"result\":";
  scratch_ += result;
  scratch_ += ",\"error\":null}\n";
  append(connection, scratch_);
}

void Loop::answer_error(Connection& connection, std::string_view id, ErrorCode code, std::string_view message) {
  scratch_.clear();
  scratch_ += "{\"id\":";
  scratch_ += id;
  scratch_ += ",\"result\":null,\"error\":[";
  scratch_ += std::to_string(static_cast<int>(code));
  scratch_ += ',';
  json::append_string(scratch_, message);
  scratch_ += ",null]}\n";
  append(connection, scratch_);
}

void Loop::notify_method(Connection& connection, std::string_view method, std::string_view params) {
  scratch_.clear();
  scratch_ += "{\"id\":null,\"method\":\"";
  scratch_ += method;
  scratch_ += "\",\"params\":[";
  scratch_ += params;
  scratch_ += "]}\n";
  append(connection, scratch_);
}

bool Loop::take_message_token(Connection& connection) {
  if (limits_.messages_per_s <= 0) return true;
  const auto rate = static_cast<float>(limits_.messages_per_s);
  const auto passed_s = static_cast<float>(now_ms_ - connection.tokens_at_ms) / 1000;
  connection.tokens_at_ms = now_ms_;
  connection.message_tokens = std::min(rate * MESSAGE_BURST_S, connection.message_tokens + rate * passed_s);
  if (connection.message_tokens < 1) return false;
  connection.message_tokens -= 1;
  return true;
}

void Loop::send_to(uint64_t connection_id, const std::string& line) {
  if (Connection* connection = find(connection_id)) append(*connection, line);
}

void Loop::send_to_all(const std::string& line) {
  for_each_connection([&](Connection& connection) {
    if (connection.subscribed) append(connection, line);
  });
}

void Loop::close_address(const Address& owner) {
  for_each_connection([&](Connection& connection) {
    if (connection.remote.owner() == owner) close(connection, CloseReason::banned);
  });
}

}  // namespace otedama::stratum
