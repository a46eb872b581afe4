#include "share_log/crc32c.h"

#include <array>

#include "sha256/cpu_features.h"

namespace otedama::share_log {

namespace {

constexpr uint32_t REFLECTED_POLYNOMIAL = 0x82f63b78;

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? REFLECTED_POLYNOMIAL : 0);
    table[i] = crc;
  }
  return table;
}

constexpr auto TABLE = make_table();

}  // namespace

uint32_t crc32c_portable(const uint8_t* data, size_t bytes) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < bytes; i++) crc = (crc >> 8) ^ TABLE[(crc ^ data[i]) & 0xff];
  return ~crc;
}

uint32_t crc32c(const uint8_t* data, size_t bytes) {
#if defined(__x86_64__)
  if (active_features() & FEATURE_SSE42) return crc32c_sse42(data, bytes);
#endif
  return crc32c_portable(data, bytes);
}

}  // namespace otedama::share_log
