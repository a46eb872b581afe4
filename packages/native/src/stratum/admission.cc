#include "stratum/admission.h"

#include <algorithm>
#include <cmath>

namespace otedama::stratum {

namespace {

constexpr int64_t DAY_MS = 86'400'000;
constexpr int64_t SWEEP_EVERY_MS = 10'000;
constexpr int64_t TOKENS_FORGOTTEN_MS = 60'000;
constexpr double LADDER_FACTOR = 4;
constexpr uint8_t LADDER_MAX = 16;
// Seconds' worth of connects that may come at once: a farm behind one address comes back together.
constexpr float BURST_S = 5;

}  // namespace

Refusal Admission::enter(const Address& address, int64_t now_ms) {
  if (contains(options_.deny, address)) return Refusal::denied;
  if (!options_.allow.empty() && !contains(options_.allow, address)) return Refusal::denied;
  const Limits& limits = options_.limits;
  const Address key = address.owner();
  Shard& shard = shard_of(key);
  std::lock_guard guard(shard.mutex);
  Owner& owner = owner_of(shard, key, now_ms);
  if (owner.banned_until_ms > now_ms) return Refusal::banned;
  if (owner.connections >= limits.connections_per_address_max) return Refusal::address_full;
  if (limits.connects_per_address_per_s > 0) {
    const auto rate = static_cast<float>(limits.connects_per_address_per_s);
    const float most = std::max(1.0f, rate * BURST_S);
    owner.tokens = owner.tokens_at_ms == 0 ? most : std::min(most, owner.tokens + rate * static_cast<float>(now_ms - owner.tokens_at_ms) / 1000);
    owner.tokens_at_ms = now_ms;
    if (owner.tokens < 1) return Refusal::too_fast;
    owner.tokens -= 1;
  }
  if (connections_.fetch_add(1) >= limits.connections_max) {
    connections_.fetch_sub(1);
    return Refusal::full;
  }
  owner.connections++;
  return Refusal::none;
}

Refusal Admission::enter_proxied() {
  if (connections_.fetch_add(1) < options_.limits.connections_max) return Refusal::none;
  connections_.fetch_sub(1);
  return Refusal::full;
}

void Admission::adopt(const Address& address, int64_t now_ms) {
  const Address key = address.owner();
  Shard& shard = shard_of(key);
  std::lock_guard guard(shard.mutex);
  owner_of(shard, key, now_ms).connections++;
  connections_.fetch_add(1);
}

void Admission::leave(const Address& address, int64_t now_ms) {
  const Address key = address.owner();
  Shard& shard = shard_of(key);
  std::lock_guard guard(shard.mutex);
  Owner& owner = owner_of(shard, key, now_ms);
  if (owner.connections > 0) owner.connections--;
  connections_.fetch_sub(1);
}

double Admission::ban(const Address& address, double seconds, bool earned, int64_t now_ms) {
  const Address key = address.owner();
  Shard& shard = shard_of(key);
  std::lock_guard guard(shard.mutex);
  Owner& owner = owner_of(shard, key, now_ms);
  if (earned) {
    if (owner.ladder_until_ms < now_ms) owner.ladder = 0;
    seconds = std::min(seconds * std::pow(LADDER_FACTOR, owner.ladder), std::max(seconds, DAY_MS / 1000.0));
    owner.ladder = std::min<uint8_t>(owner.ladder + 1, LADDER_MAX);
  }
  owner.banned_until_ms = now_ms + static_cast<int64_t>(seconds * 1000);
  owner.ladder_until_ms = owner.banned_until_ms + DAY_MS;
  std::lock_guard bans_guard(bans_mutex_);
  bans_[key] = owner.banned_until_ms;
  return seconds;
}

uint32_t Admission::bans_active(int64_t now_ms) {
  std::lock_guard guard(bans_mutex_);
  std::erase_if(bans_, [&](const auto& ban) { return ban.second <= now_ms; });
  return static_cast<uint32_t>(bans_.size());
}

Admission::Owner& Admission::owner_of(Shard& shard, const Address& owner, int64_t now_ms) {
  if (now_ms - shard.swept_at_ms > SWEEP_EVERY_MS) sweep(shard, now_ms, false);
  if (shard.owners.size() >= OWNERS_PER_SHARD_MAX && !shard.owners.contains(owner)) sweep(shard, now_ms, true);
  return shard.owners[owner];
}

// Forgets owners that have nothing to remember. `hard` also forgets recent connect rates and finished bans' ladders.
void Admission::sweep(Shard& shard, int64_t now_ms, bool hard) {
  shard.swept_at_ms = now_ms;
  std::erase_if(shard.owners, [&](const auto& entry) {
    const Owner& owner = entry.second;
    if (owner.connections > 0 || owner.banned_until_ms > now_ms) return false;
    return hard || (owner.ladder_until_ms < now_ms && owner.tokens_at_ms + TOKENS_FORGOTTEN_MS < now_ms);
  });
}

}  // namespace otedama::stratum
