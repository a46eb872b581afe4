#include "sha256/climb_lanes.h"
#include "sha256/vector_avx512.h"

namespace otedama::sha256 {

void climb_avx512(uint8_t* nodes, const uint32_t* branches, size_t levels) { ClimbLanes<Avx512>::climb<1>(nodes, branches, levels); }

void climb_three_avx512(uint8_t* nodes, const uint32_t* branches, size_t levels) { ClimbLanes<Avx512>::climb<3>(nodes, branches, levels); }

void climb_two_avx512(uint8_t* nodes, const uint32_t* branches, size_t levels) { ClimbLanes<Avx512>::climb<2>(nodes, branches, levels); }

}  // namespace otedama::sha256
