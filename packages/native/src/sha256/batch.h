// The seam between the batch dispatcher and its kernels: one group of messages, as many as the kernel has lanes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sha256/sha256.h"

namespace otedama::sha256 {

inline constexpr size_t LANES_MAX = 16;

// Each lane goes on from its own state over `head_blocks` blocks in place, `tail_blocks` padded ones, and those of `ending`, which are the
// same in every lane; and the digest is hashed once more. All lanes are set; two lanes may name the same message.
struct Group {
  size_t head_blocks;
  size_t tail_blocks;
  const Schedule* ending;
  size_t ending_blocks;
  const uint32_t* from[LANES_MAX];
  const uint8_t* head[LANES_MAX];
  const uint8_t* tail[LANES_MAX];
  uint8_t* out[LANES_MAX];
};

void sha256d_group_portable(const Group& group);
#if defined(__x86_64__)
void sha256d_group_sse41(const Group& group);
void sha256d_group_avx2(const Group& group);
void sha256d_group_avx512(const Group& group);
// Two and three groups of one shape, side by side.
void sha256d_two_groups_avx512(const Group groups[2]);
void sha256d_three_groups_avx512(const Group groups[3]);
void sha256d_group_sha_ni(const Group& group);
#endif

}  // namespace otedama::sha256
