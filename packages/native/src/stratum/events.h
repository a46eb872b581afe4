// What the engine tells TypeScript, queued by any thread and taken in batches by JavaScript's.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "stratum/clock.h"

namespace otedama::stratum {

struct AuthorizeEvent {
  uint64_t connection_id;
  uint32_t request_number;
  std::string user;
  std::string password;
  std::string user_agent;
  std::string remote_address;
};

struct BlockEvent {
  uint64_t candidate_id;
  uint32_t worker_id;
  uint32_t job_number;
  uint8_t header[80];
  uint8_t hash[32];
  std::vector<uint8_t> coinbase;
  double share_difficulty;
  int64_t at_ms;
  bool accepted;
};

struct ClosedEvent {
  uint64_t connection_id;
  const char* reason;
};

struct BannedEvent {
  std::string remote_address;
  std::string reason;
  double seconds;
};

struct FaultEvent {
  // "share_log" or "takeover".
  const char* part;
  bool over;
  std::string message;
};

// Two sockets on their way to TypeScript, closed where nobody took them.
struct TlsSockets {
  // The miner's, and the plain end that the loop reads from the other side.
  int fd = -1;
  int plain_fd = -1;

  TlsSockets(int miner, int plain) : fd(miner), plain_fd(plain) {}
  TlsSockets(const TlsSockets&) = delete;
  TlsSockets& operator=(const TlsSockets&) = delete;
  ~TlsSockets() {
    if (fd >= 0) ::close(fd);
    if (plain_fd >= 0) ::close(plain_fd);
  }
};

struct TlsEvent {
  std::shared_ptr<TlsSockets> sockets;
  // What was read of the miner's bytes before it was known that they are TLS.
  std::string head;
  std::string remote_address;
};

struct HandedOverEvent {};

using Event = std::variant<AuthorizeEvent, BlockEvent, ClosedEvent, BannedEvent, FaultEvent, HandedOverEvent, TlsEvent>;

class Events {
 public:
  // `wake` is called when the first event of a batch is queued; it has to lead to a `take`.
  explicit Events(std::function<void()> wake) : wake_(std::move(wake)) {}

  // Refused while too many wait: for what a miner can cause at will.
  bool offer(Event event) { return queue(std::move(event), OFFERED_MAX); }
  // Never refused: for what is rare, or bounded by what was offered before.
  void push(Event event) { queue(std::move(event), ~size_t{0}); }

  std::vector<Event> take() {
    std::lock_guard guard(mutex_);
    std::vector<Event> taken;
    taken.swap(waiting_);
    return taken;
  }

 private:
  static constexpr size_t OFFERED_MAX = 65536;

  bool queue(Event event, size_t most) {
    bool first;
    {
      std::lock_guard guard(mutex_);
      if (waiting_.size() >= most) return false;
      first = waiting_.empty();
      waiting_.push_back(std::move(event));
    }
    if (first) wake_();
    return true;
  }

  const std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<Event> waiting_;
};

}  // namespace otedama::stratum
