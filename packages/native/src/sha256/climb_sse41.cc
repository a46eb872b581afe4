#include "sha256/climb_lanes.h"
#include "sha256/vector_sse41.h"

namespace otedama::sha256 {

void climb_sse41(uint8_t* nodes, const uint32_t* branches, size_t levels) { ClimbLanes<Sse41>::climb<1>(nodes, branches, levels); }

}  // namespace otedama::sha256
