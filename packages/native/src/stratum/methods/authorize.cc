// mining.authorize: a worker logs in. Whether it may is TypeScript's to say; several workers may share a connection.
//
//   → {"id":2,"method":"mining.authorize","params":["bc1q….rig1","d=0.5"]}
//   ← {"id":2,"result":true,"error":null}
#include <algorithm>

#include "stratum/loop.h"

namespace otedama::stratum {

namespace {

constexpr size_t USER_BYTES_MAX = 256;
constexpr size_t PASSWORD_BYTES_MAX = 256;

}  // namespace

void Loop::on_authorize(Connection& connection, const json::Line& line) {
  if (line.param_count == 0 || !line.params[0].is(json::Type::string) || line.params[0].text.empty()) {
    return answer_error(connection, line.id, ErrorCode::other, "the first param of mining.authorize must be the user, a string");
  }
  const bool has_password = line.param_count > 1 && !line.params[1].is(json::Type::null);
  if (has_password && !line.params[1].is(json::Type::string)) {
    return answer_error(connection, line.id, ErrorCode::other, "the second param of mining.authorize must be the password, a string");
  }
  AuthorizeEvent event;
  event.user = json::string_of(line.params[0], text_scratch_);
  if (has_password) event.password = json::string_of(line.params[1], text_scratch_);
  if (event.user.size() > USER_BYTES_MAX || event.password.size() > PASSWORD_BYTES_MAX) {
    return answer_error(connection, line.id, ErrorCode::other, "user and password must not be longer than 256 bytes");
  }
  if (!connection.pending_authorizes) connection.pending_authorizes = std::make_unique<std::vector<PendingAuthorize>>();
  auto& pending = *connection.pending_authorizes;
  if (pending.size() >= Connection::PENDING_AUTHORIZES_MAX) {
    return answer_error(connection, line.id, ErrorCode::other, "too many logins at once: wait for the answers to those before");
  }
  if (connection.worker_count() >= limits_.workers_per_connection_max) {
    return answer_error(connection, line.id, ErrorCode::other,
                        "a connection may have " + std::to_string(limits_.workers_per_connection_max) + " workers: open another one");
  }
  const uint32_t request_number = connection.next_request++;
  pending.push_back({request_number, hash_name(shared_.secret, event.user), std::string(line.id)});
  event.connection_id = id_of(connection);
  event.request_number = request_number;
  event.user_agent = shared_.agents.name(connection.agent);
  event.remote_address = connection.remote.text();
  if (!shared_.events.offer(std::move(event))) {
    pending.pop_back();
    return answer_error(connection, line.id, ErrorCode::other, "the pool is busy with logins: try again in a few seconds");
  }
  connection.known_to_typescript = true;
}

void Loop::authorize_answered(uint64_t connection_id, uint32_t request_number, const AuthorizeAnswer& given) {
  Connection* connection = find(connection_id);
  if (!connection || !connection->pending_authorizes) return;
  auto& pending = *connection->pending_authorizes;
  const auto found = std::find_if(pending.begin(), pending.end(), [&](const auto& one) { return one.request_number == request_number; });
  if (found == pending.end()) return;
  const PendingAuthorize request = std::move(*found);
  pending.erase(found);
  if (pending.empty()) connection->pending_authorizes.reset();
  if (!given.accepted) {
    answer_error(*connection, request.json_id, ErrorCode::unauthorized, given.message);
    // Who only guesses names is not worth a connection.
    if (++connection->refused_logins >= REFUSED_LOGINS_MAX) close(*connection, CloseReason::protocol);
    return;
  }
  if (connection->worker.id == 0) {
    connection->worker = {request.name_hash, given.worker_id};
    counters_.authorized++;
  } else if (connection->worker.name_hash == request.name_hash) {
    connection->worker.id = given.worker_id;
  } else {
    if (!connection->more_workers) connection->more_workers = std::make_unique<std::vector<Worker>>();
    auto& workers = *connection->more_workers;
    const auto known = std::find_if(workers.begin(), workers.end(), [&](const Worker& one) { return one.name_hash == request.name_hash; });
    if (known == workers.end()) {
      workers.push_back({request.name_hash, given.worker_id});
    } else {
      known->id = given.worker_id;
    }
  }
  answer(*connection, request.json_id, "true");
  if (given.difficulty > 0) suggest(*connection, given.difficulty);
  activate(*connection);
}

}  // namespace otedama::stratum
