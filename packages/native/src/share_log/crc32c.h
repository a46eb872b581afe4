// CRC-32C (Castagnoli polynomial 0x1edc6f41, reflected, as iSCSI and ext4 use it: RFC 3720 appendix B.4).
#pragma once

#include <cstddef>
#include <cstdint>

namespace otedama::share_log {

// By the CPU's own instruction where there is SSE4.2, else by tables.
uint32_t crc32c(const uint8_t* data, size_t bytes);

uint32_t crc32c_portable(const uint8_t* data, size_t bytes);
#if defined(__x86_64__)
uint32_t crc32c_sse42(const uint8_t* data, size_t bytes);
#endif

}  // namespace otedama::share_log
