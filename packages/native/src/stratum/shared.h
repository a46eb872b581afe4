// What all loops of an engine have in common.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "share_log/writer.h"
#include "stratum/admission.h"
#include "stratum/agents.h"
#include "stratum/duplicate_memory.h"
#include "stratum/events.h"
#include "stratum/extranonce.h"
#include "stratum/options.h"

namespace otedama::stratum {

// A secret of eight bytes from the system. Never 0.
uint64_t random_secret();

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
  DuplicateMemory duplicate_memory{random_secret()};
  std::atomic<uint32_t> tls_connections{0};
};

// A keyed 64-bit hash of a worker's name, eight bytes at a time. Both processes of a handover must compute the same.
inline uint64_t hash_name(uint64_t secret, std::string_view name) {
  const auto fold = [](uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  };
  constexpr uint64_t ODD_A = 0xff51afd7ed558ccd, ODD_B = 0x9e3779b97f4a7c15;
  uint64_t hash = secret ^ (name.size() * ODD_B);
  for (; name.size() >= 8; name.remove_prefix(8)) {
    uint64_t word;
    std::memcpy(&word, name.data(), 8);
    hash = fold(hash ^ word, ODD_A) + secret;
  }
  uint64_t rest = 0;
  if (!name.empty()) std::memcpy(&rest, name.data(), name.size());
  return fold(hash ^ rest, ODD_A) ^ fold(hash + ODD_B, secret | 1);
}

}  // namespace otedama::stratum
