// Batches of messages cut into groups for the kernels that are active.
//
// A group costs the same whether its lanes are all used or not, so a wide kernel is worth its start only from a few messages
// on; what is left goes to the next narrower one. SHA-NI does two at a time and beats every vector kernel on small counts.
#include "sha256/batch.h"

#include <cstring>

#include "sha256/cpu_features.h"
#include "sha256/sha256.h"

namespace otedama::sha256 {

void sha256d_group_portable(const Group& group) {
  State state;
  std::memcpy(state.data(), group.from[0], sizeof state);
  compress(state, group.head[0], group.head_blocks);
  compress(state, group.tail[0], group.tail_blocks);
  for (size_t block = 0; block < group.ending_blocks; block++) compress_scheduled(state, group.ending[block]);
  uint8_t once[DIGEST_BYTES];
  for (size_t i = 0; i < 8; i++) store_be32(once + 4 * i, state[i]);
  sha256(once, DIGEST_BYTES, group.out[0]);
}

namespace {

struct Kernel {
  uint32_t feature;
  size_t lanes;
  // Fewest messages for which this kernel is worth its group; and the same where SHA-NI could take them.
  size_t worth_from;
  size_t worth_from_with_sha_ni;
  void (*run)(const Group&);
  // Null where the kernel takes one group at a time.
  void (*run_two)(const Group[2]);
  void (*run_three)(const Group[3]);
};

constexpr Kernel KERNELS[] = {
#if defined(__x86_64__)
    {FEATURE_AVX512, 16, 4, 7, sha256d_group_avx512, sha256d_two_groups_avx512, sha256d_three_groups_avx512},
    {FEATURE_SHA_NI, 2, 1, 1, sha256d_group_sha_ni, nullptr, nullptr},
    {FEATURE_AVX2, 8, 3, 3, sha256d_group_avx2, nullptr, nullptr},
    {FEATURE_SSE41, 4, 2, 2, sha256d_group_sse41, nullptr, nullptr},
#endif
    {0, 1, 1, 1, sha256d_group_portable, nullptr, nullptr},
};

const Kernel& kernel_for(size_t messages, uint32_t features) {
  for (const Kernel& kernel : KERNELS) {
    const size_t least = features & FEATURE_SHA_NI ? kernel.worth_from_with_sha_ni : kernel.worth_from;
    if ((features & kernel.feature) == kernel.feature && messages >= least) return kernel;
  }
  return KERNELS[sizeof KERNELS / sizeof *KERNELS - 1];
}

constexpr size_t GROUPS_MAX = 3;

// How many groups this kernel best takes side by side.
size_t groups_for(const Kernel& kernel, size_t messages) {
  const auto worth = [&](size_t groups) { return messages >= (groups - 1) * kernel.lanes + kernel.worth_from_with_sha_ni; };
  if (kernel.run_three && worth(3)) return 3;
  return kernel.run_two && worth(2) ? 2 : 1;
}

struct Shape {
  size_t head_blocks;
  size_t tail_blocks;
  const Schedule* ending = nullptr;
  size_t ending_blocks = 0;

  bool operator==(const Shape&) const = default;
};

Shape shape_of(const Remainder& message) {
  const size_t tail_blocks = message.is_padded ? 0 : message.tail_bytes % BLOCK_BYTES >= BLOCK_BYTES - 8 ? 2 : 1;
  return {message.tail_bytes / BLOCK_BYTES, tail_blocks, message.ending, message.ending_blocks};
}

// Runs `fill(group, lane, place, message)` for messages 0 … n - 1 over as many groups as it takes. `place` counts lanes over all groups
// that run side by side. Idle lanes repeat the last message and write to a place nobody reads.
template <class Fill>
void in_groups(size_t n, const Shape& shape, Fill fill) {
  const uint32_t features = active_features();
  uint8_t unread[DIGEST_BYTES];
  for (size_t first = 0; first < n;) {
    const Kernel& kernel = kernel_for(n - first, features);
    const size_t count = groups_for(kernel, n - first);
    Group groups[GROUPS_MAX];
    for (size_t g = 0; g < count; g++) {
      Group& group = groups[g];
      const size_t used = n - first < kernel.lanes ? n - first : kernel.lanes;
      group.head_blocks = shape.head_blocks;
      group.tail_blocks = shape.tail_blocks;
      group.ending = shape.ending;
      group.ending_blocks = shape.ending_blocks;
      for (size_t lane = 0; lane < used; lane++) fill(group, lane, g * kernel.lanes + lane, first + lane);
      for (size_t lane = used; lane < kernel.lanes; lane++) {
        group.from[lane] = group.from[used - 1];
        group.head[lane] = group.head[used - 1];
        group.tail[lane] = group.tail[used - 1];
        group.out[lane] = unread;
      }
      first += used;
    }
    if (count == 3) {
      kernel.run_three(groups);
    } else {
      count == 2 ? kernel.run_two(groups) : kernel.run(groups[0]);
    }
  }
}

// Writes the last bytes of a message and its padding; returns the blocks they take (1 or 2).
size_t pad(uint8_t out[2 * BLOCK_BYTES], const uint8_t* rest, size_t rest_bytes, uint64_t total_bytes) {
  const size_t blocks = rest_bytes < BLOCK_BYTES - 8 ? 1 : 2;
  std::memcpy(out, rest, rest_bytes);
  out[rest_bytes] = 0x80;
  std::memset(out + rest_bytes + 1, 0, blocks * BLOCK_BYTES - rest_bytes - 1);
  const uint64_t bits = total_bytes * 8;
  store_be32(out + blocks * BLOCK_BYTES - 8, static_cast<uint32_t>(bits >> 32));
  store_be32(out + blocks * BLOCK_BYTES - 4, static_cast<uint32_t>(bits));
  return blocks;
}

}  // namespace

void sha256d_many_80(const uint8_t* headers, uint8_t* out, size_t n) {
  constexpr size_t HEADER_BYTES = 80;
  uint8_t tails[GROUPS_MAX * LANES_MAX][2 * BLOCK_BYTES];
  in_groups(n, {1, 1}, [&](Group& group, size_t lane, size_t place, size_t message) {
    const uint8_t* header = headers + message * HEADER_BYTES;
    pad(tails[place], header + BLOCK_BYTES, HEADER_BYTES - BLOCK_BYTES, HEADER_BYTES);
    group.from[lane] = INITIAL_STATE.data();
    group.head[lane] = header;
    group.tail[lane] = tails[place];
    group.out[lane] = out + message * DIGEST_BYTES;
  });
}

void sha256d_many_64(const uint8_t* pairs, uint8_t* out, size_t n) {
  uint8_t padding[2 * BLOCK_BYTES];
  pad(padding, pairs, 0, BLOCK_BYTES);
  in_groups(n, {1, 1}, [&](Group& group, size_t lane, size_t, size_t message) {
    group.from[lane] = INITIAL_STATE.data();
    group.head[lane] = pairs + message * BLOCK_BYTES;
    group.tail[lane] = padding;
    group.out[lane] = out + message * DIGEST_BYTES;
  });
}

void sha256d_from_midstate_many(const Remainder* messages, uint8_t* out, size_t n) {
  constexpr size_t CHUNK = 48;
  for (size_t first = 0; first < n; first += CHUNK) {
    const size_t count = n - first < CHUNK ? n - first : CHUNK;
    const Remainder* chunk = messages + first;
    uint64_t done = 0;
    // Messages of one shape at a time; nearly always all of them.
    for (size_t lead = 0; lead < count; lead++) {
      if (done >> lead & 1) continue;
      const Shape shape = shape_of(chunk[lead]);
      size_t members[CHUNK];
      size_t member_count = 0;
      for (size_t i = lead; i < count; i++) {
        if (done >> i & 1 || shape_of(chunk[i]) != shape) continue;
        done |= uint64_t{1} << i;
        members[member_count++] = i;
      }
      uint8_t tails[GROUPS_MAX * LANES_MAX][2 * BLOCK_BYTES];
      in_groups(member_count, shape, [&](Group& group, size_t lane, size_t place, size_t member) {
        const Remainder& message = chunk[members[member]];
        const size_t whole = shape.head_blocks * BLOCK_BYTES;
        if (shape.tail_blocks > 0) pad(tails[place], message.tail + whole, message.tail_bytes - whole, message.total_bytes);
        group.from[lane] = message.midstate->data();
        group.head[lane] = message.tail;
        group.tail[lane] = tails[place];
        group.out[lane] = out + (first + members[member]) * DIGEST_BYTES;
      });
    }
  }
}

}  // namespace otedama::sha256
