#include <nmmintrin.h>

#include <cstring>

#include "share_log/crc32c.h"

namespace otedama::share_log {

uint32_t crc32c_sse42(const uint8_t* data, size_t bytes) {
  uint64_t crc = ~0u;
  for (; bytes >= 8; data += 8, bytes -= 8) {
    uint64_t word;
    std::memcpy(&word, data, 8);
    crc = _mm_crc32_u64(crc, word);
  }
  auto crc32 = static_cast<uint32_t>(crc);
  for (; bytes > 0; data++, bytes--) crc32 = _mm_crc32_u8(crc32, *data);
  return ~crc32;
}

}  // namespace otedama::share_log
