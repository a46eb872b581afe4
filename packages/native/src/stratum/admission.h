// Who may connect: lists, bans, and how many and how fast from one address. Shared by all loops; used on connects and closes only.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "stratum/address.h"
#include "stratum/options.h"

namespace otedama::stratum {

enum class Refusal : uint8_t { none, denied, banned, full, address_full, too_fast };

class Admission {
 public:
  explicit Admission(const Options& options) : options_(options) {}

  // Counts the connection in where it is let in; `leave` takes it out again.
  Refusal enter(const Address& address, int64_t now_ms);
  void leave(const Address& address, int64_t now_ms);
  // The same for a balancer's connection, until it has said for whom it speaks.
  Refusal enter_proxied();
  void leave_proxied() { connections_.fetch_sub(1); }
  // A connection that an earlier process let in: counted, never refused.
  void adopt(const Address& address, int64_t now_ms);

  // `earned` climbs the ladder: the ban is longer for an address that was banned before. Returns its length in seconds.
  double ban(const Address& address, double seconds, bool earned, int64_t now_ms);
  uint32_t bans_active(int64_t now_ms);

 private:
  struct Owner {
    uint32_t connections = 0;
    // Token bucket of connects.
    float tokens = 0;
    int64_t tokens_at_ms = 0;
    int64_t banned_until_ms = 0;
    int64_t ladder_until_ms = 0;
    uint8_t ladder = 0;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<Address, Owner, AddressHash> owners;
    int64_t swept_at_ms = 0;
  };

  static constexpr size_t SHARDS = 64;
  // Addresses remembered in all; beyond that, those without connections and bans are forgotten at once.
  static constexpr size_t OWNERS_PER_SHARD_MAX = 65536;

  Shard& shard_of(const Address& owner) { return shards_[AddressHash()(owner) % SHARDS]; }
  Owner& owner_of(Shard& shard, const Address& owner, int64_t now_ms);
  static void sweep(Shard& shard, int64_t now_ms, bool hard);

  const Options& options_;
  std::atomic<uint32_t> connections_{0};
  // When the bans of now end, for counting them.
  std::mutex bans_mutex_;
  std::unordered_map<Address, int64_t, AddressHash> bans_;
  std::array<Shard, SHARDS> shards_;
};

}  // namespace otedama::stratum
