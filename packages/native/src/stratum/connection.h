// One connection: everything that is known of a miner between two of its lines, in a few hundred bytes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stratum/address.h"
#include "stratum/buffer.h"
#include "stratum/job.h"
#include "vardiff/vardiff.h"

namespace otedama::stratum {

// From which job on which difficulty and extranonce1 hold. A share is judged by the binding of the job it names, so nothing that was
// in flight while they changed is refused or credited wrongly.
struct Binding {
  WireJobId from;
  uint16_t extranonce_prefix = 0;
  uint32_t extranonce = 0;
  double difficulty = 0;
};

struct Worker {
  uint64_t name_hash;
  uint32_t id;
};

// A login that TypeScript has not answered yet.
struct PendingAuthorize {
  uint32_t request_number;
  uint64_t name_hash;
  std::string json_id;
};

struct Connection {
  static constexpr size_t BINDINGS_MAX = 5;
  static constexpr size_t PENDING_AUTHORIZES_MAX = 8;

  int fd = -1;
  uint32_t slot = 0;
  // Rises with each use of the slot, so that what was meant for an earlier connection does not reach a later one.
  uint32_t generation = 0;

  bool subscribed : 1 = false;
  // Subscribed, with at least one worker: gets jobs.
  bool active : 1 = false;
  bool extranonce_subscribed : 1 = false;
  bool version_rolling : 1 = false;
  // Has bytes to write at the end of this wake-up.
  bool dirty : 1 = false;
  // Waits for the socket to take more.
  bool blocked : 1 = false;
  bool known_to_typescript : 1 = false;
  bool closing : 1 = false;
  bool awaits_proxy_header : 1 = false;
  // The miner's first byte came: it speaks TLS or it does not.
  bool sniffed : 1 = false;
  // The socket is the plain end of a TLS connection that JavaScript holds.
  bool tls : 1 = false;
  uint8_t binding_count = 0;
  uint8_t bad_lines = 0;
  uint8_t refused_logins = 0;
  uint16_t last_suffix = 0;
  uint16_t extranonce_prefix = 0;
  uint16_t remote_port = 0;
  uint32_t extranonce = 0;
  uint32_t version_mask = 0;
  uint32_t first_job = 0;
  uint32_t next_request = 1;
  uint32_t agent = 0;
  // Judged shares and refused ones among them, halved now and then.
  uint32_t judged = 0;
  uint32_t refused = 0;
  float message_tokens = 0;
  int64_t tokens_at_ms = 0;
  Address remote;
  uint64_t session_token = 0;
  // The timer tick it waits for; 0 for none.
  int64_t timer_tick = 0;
  int64_t connected_at_ms = 0;
  int64_t last_message_ms = 0;
  int64_t last_share_ms = 0;
  int64_t blocked_since_ms = 0;
  Buffer* input = nullptr;
  Buffer* output = nullptr;
  vardiff::State vardiff;
  std::array<Binding, BINDINGS_MAX> bindings;
  Worker worker{0, 0};
  std::unique_ptr<std::vector<Worker>> more_workers;
  std::unique_ptr<std::vector<PendingAuthorize>> pending_authorizes;

  // Notes that from this job on other work holds.
  void bind(const Binding& binding);
  // What a job id stands for on this connection; null where it was never sent here.
  const Binding* binding_of(WireJobId id) const;

  const Worker* worker_named(uint64_t name_hash) const;
  size_t worker_count() const;
};

}  // namespace otedama::stratum
