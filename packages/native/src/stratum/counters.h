// What a loop counts. Each loop has its own, read under its lock and summed for `stats()`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace otedama::stratum {

// In the order of SHARE_RESULTS of the shared package; the numbers stand in the share log.
enum class ShareResult : uint8_t { accepted, stale, duplicate, low_difficulty, unauthorized, invalid };
inline constexpr size_t SHARE_RESULTS = 6;

enum class CloseReason : uint8_t { peer, idle, handshake, slow_reader, line_too_long, flood, protocol, limit, banned, stopped, handed_over, tls_not_configured };
inline constexpr size_t CLOSE_REASONS = 12;
inline constexpr std::array<const char*, CLOSE_REASONS> CLOSE_REASON_NAMES = {
    "peer",     "idle",  "handshake", "slow_reader", "line_too_long", "flood",
    "protocol", "limit", "banned",    "stopped",     "handed_over",   "tls_not_configured"};

// Upper bounds in nanoseconds: HISTOGRAM_BOUNDS_MS of engine_types.ts.
inline constexpr std::array<int64_t, 13> HISTOGRAM_BOUNDS_NS = {50'000,     100'000,    250'000,     500'000,     1'000'000,   2'500'000,    5'000'000,
                                                                10'000'000, 25'000'000, 50'000'000, 100'000'000, 250'000'000, 1'000'000'000};

struct Histogram {
  std::array<uint64_t, HISTOGRAM_BOUNDS_NS.size() + 1> counts{};
  int64_t sum_ns = 0;

  void record(int64_t ns, uint32_t times = 1) {
    size_t i = 0;
    while (i < HISTOGRAM_BOUNDS_NS.size() && ns > HISTOGRAM_BOUNDS_NS[i]) i++;
    counts[i] += times;
    sum_ns += ns * times;
  }

  void add(const Histogram& other) {
    for (size_t i = 0; i < counts.size(); i++) counts[i] += other.counts[i];
    sum_ns += other.sum_ns;
  }
};

struct Counters {
  uint64_t connections = 0;
  uint64_t subscribed = 0;
  uint64_t authorized = 0;
  std::array<uint64_t, SHARE_RESULTS> shares{};
  uint64_t not_subscribed = 0;
  uint64_t blocks = 0;
  uint64_t connects = 0;
  std::array<uint64_t, CLOSE_REASONS> closed{};
  uint64_t refused_connects = 0;
  uint64_t bad_lines = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t retargets = 0;
  Histogram answer;
  Histogram notify;
  // How long the last broadcast took that this loop was the last to finish, and when that was.
  int64_t notify_last_ns = -1;
  int64_t notify_last_at_ns = 0;

  void add(const Counters& other) {
    connections += other.connections;
    subscribed += other.subscribed;
    authorized += other.authorized;
    for (size_t i = 0; i < SHARE_RESULTS; i++) shares[i] += other.shares[i];
    not_subscribed += other.not_subscribed;
    blocks += other.blocks;
    connects += other.connects;
    for (size_t i = 0; i < CLOSE_REASONS; i++) closed[i] += other.closed[i];
    refused_connects += other.refused_connects;
    bad_lines += other.bad_lines;
    bytes_in += other.bytes_in;
    bytes_out += other.bytes_out;
    retargets += other.retargets;
    answer.add(other.answer);
    notify.add(other.notify);
  }
};

}  // namespace otedama::stratum
