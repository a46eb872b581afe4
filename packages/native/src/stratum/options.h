// The engine's options, as engine_types.ts documents them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "share_log/writer.h"
#include "stratum/address.h"
#include "vardiff/vardiff.h"

namespace otedama::stratum {

struct Listen {
  std::string host;
  uint16_t port = 0;
};

struct Limits {
  uint32_t connections_max = 0;
  uint32_t connections_per_address_max = 0;
  double connects_per_address_per_s = 0;
  uint32_t line_bytes_max = 8192;
  uint32_t workers_per_connection_max = 64;
  uint32_t output_bytes_max = 0;
  double messages_per_s = 0;
  int64_t handshake_timeout_ms = 0;
  int64_t idle_timeout_ms = 0;
  int64_t slow_reader_timeout_ms = 30'000;
  double ban_invalid_ratio = 1;
  uint32_t ban_after_shares = 0;
  double ban_s = 0;
};

struct Options {
  std::vector<Listen> listen;
  uint32_t threads = 1;
  uint16_t extranonce_prefix = 0;
  uint32_t version_mask = 0;
  bool ack_durable = true;
  double initial_difficulty = 1;
  vardiff::Options vardiff;
  share_log::Options share_log;
  Limits limits;
  std::vector<Network> allow;
  std::vector<Network> deny;
  std::vector<Network> trusted_proxies;
  // TLS connections at once; 0 where TLS is not configured.
  uint32_t tls_connections_max = 0;
};

// Sizes of the coinbase's two holes.
inline constexpr size_t EXTRANONCE1_BYTES = 6;
inline constexpr size_t EXTRANONCE2_BYTES = 8;

// Seconds a share's time may run ahead of its job's.
inline constexpr uint32_t NTIME_AHEAD_MAX_S = 7000;

// Jobs a loop keeps: those of the current tip can be worked on, those before it can still turn out to be blocks.
inline constexpr size_t JOBS_MAX = 64;

}  // namespace otedama::stratum
