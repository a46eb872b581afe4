// What all loops of an engine have in common.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "share_log/writer.h"
#include "stratum/admission.h"
#include "stratum/agents.h"
#include "stratum/events.h"
#include "stratum/extranonce.h"
#include "stratum/options.h"

namespace otedama::stratum {

struct Shared {
  Shared(Options given, std::function<void()> wake_events, share_log::Writer::Listeners log_listeners, uint32_t first_extranonce, uint64_t key)
      : options(std::move(given)),
        admission(options),
        extranonces(first_extranonce),
        events(std::move(wake_events)),
        log(options.share_log, std::move(log_listeners)),
        secret(key),
        extranonce_prefix(options.extranonce_prefix) {}

  const Options options;
  Admission admission;
  Extranonces extranonces;
  Agents agents;
  Events events;
  share_log::Writer log;
  // Random: keys session tokens and name hashes, so that nobody can aim at them.
  std::atomic<uint64_t> secret;
  std::atomic<uint16_t> extranonce_prefix;
  std::atomic<uint32_t> tip{0};
  std::atomic<uint64_t> duplicate_bytes{0};
  std::atomic<uint32_t> tls_connections{0};
};

// A secret of eight bytes from the system. Never 0.
uint64_t random_secret();

// A keyed 64-bit hash of a worker's name.
inline uint64_t hash_name(uint64_t secret, std::string_view name) {
  uint64_t hash = secret ^ (name.size() * 0x9e3779b97f4a7c15);
  for (const char c : name) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0xff51afd7ed558ccd;
    hash ^= hash >> 29;
  }
  return hash ^ hash >> 32;
}

}  // namespace otedama::stratum
