#include "sha256/scan_kernels.h"
#include "sha256/scan_lanes.h"
#include "sha256/vector_portable.h"

namespace otedama::sha256 {

ScanResult scan_portable(const ScanJob& job, uint32_t first, uint32_t count, ScanHit* hits, uint32_t hits_max) {
  return ScanLanes<Portable>::scan(job, first, count, hits, hits_max);
}

}  // namespace otedama::sha256
