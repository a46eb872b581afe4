#include "sha256/climb_lanes.h"
#include "sha256/vector_avx2.h"

namespace otedama::sha256 {

void climb_avx2(uint8_t* nodes, const uint32_t* branches, size_t levels) { ClimbLanes<Avx2>::climb<1>(nodes, branches, levels); }

}  // namespace otedama::sha256
