// The searches, one for each instruction set.
#pragma once

#include "sha256/scan.h"

namespace otedama::sha256 {

ScanResult scan_portable(const ScanJob& job, uint32_t first, uint32_t count, ScanHit* hits, uint32_t hits_max);
#if defined(__x86_64__)
ScanResult scan_sse41(const ScanJob& job, uint32_t first, uint32_t count, ScanHit* hits, uint32_t hits_max);
ScanResult scan_avx2(const ScanJob& job, uint32_t first, uint32_t count, ScanHit* hits, uint32_t hits_max);
ScanResult scan_avx512(const ScanJob& job, uint32_t first, uint32_t count, ScanHit* hits, uint32_t hits_max);
ScanResult scan_sha_ni(const ScanJob& job, uint32_t first, uint32_t count, ScanHit* hits, uint32_t hits_max);
#endif

}  // namespace otedama::sha256
