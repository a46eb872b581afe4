// SHA-256 for mining and share validation: one portable implementation, and batches of independent messages on whatever
// this CPU does fastest. Digests are 32 bytes in wire order (as FIPS 180-4 writes them; Bitcoin displays them reversed).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace otedama::sha256 {

inline constexpr size_t BLOCK_BYTES = 64;
inline constexpr size_t DIGEST_BYTES = 32;

// The eight working words between two blocks: a midstate.
using State = std::array<uint32_t, 8>;

inline constexpr State INITIAL_STATE = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// Compresses `count` whole blocks into `state`. Portable.
void compress(State& state, const uint8_t* blocks, size_t count);

// The message schedule of one block, round constants added.
using Schedule = std::array<uint32_t, 64>;
Schedule schedule_of(const uint8_t block[BLOCK_BYTES]);

// Compresses a block of which the schedule is known. Portable.
void compress_scheduled(State& state, const Schedule& schedule);

// The digest of a message whose bytes come in pieces. Portable; trivially copyable, so a prefix is hashed once and shared.
class Hasher {
 public:
  void update(const uint8_t* data, size_t bytes);
  void finish(uint8_t out[DIGEST_BYTES]);

  // The state after the whole blocks so far, the bytes behind them, and how many bytes came in all.
  const State& state() const { return state_; }
  const uint8_t* pending() const { return pending_; }
  size_t pending_bytes() const { return static_cast<size_t>(total_ % BLOCK_BYTES); }
  uint64_t total_bytes() const { return total_; }

 private:
  State state_ = INITIAL_STATE;
  uint64_t total_ = 0;
  uint8_t pending_[BLOCK_BYTES];
};

// One message, portable: the reference that every other path is checked against.
void sha256(const uint8_t* data, size_t bytes, uint8_t out[DIGEST_BYTES]);
void sha256d(const uint8_t* data, size_t bytes, uint8_t out[DIGEST_BYTES]);
inline void sha256d_80(const uint8_t header[80], uint8_t out[DIGEST_BYTES]) { sha256d(header, 80, out); }

// Batches: `n` independent messages, hashed together on the best kernels that are active (see cpu_features.h). `out` receives
// n digests in order and must not overlap the input. Any n; safe from any thread; nothing is allocated.

// Block headers, 80 bytes each, one after another.
void sha256d_many_80(const uint8_t* headers, uint8_t* out, size_t n);
// Merkle nodes: two digests of 32 bytes each, one pair after another.
void sha256d_many_64(const uint8_t* pairs, uint8_t* out, size_t n);

// Merkle roots: each of `count` nodes (32 bytes, in a row) is replaced by what it becomes after `levels` branches (32 bytes each, from
// the leaf up), the node always standing left. All nodes climb along the same branches.
void merkle_climb_many(uint8_t* nodes, size_t count, const uint8_t* branches, size_t levels);

// What remains of a message after whole blocks that were compressed before (a coinbase behind its cached prefix).
struct Remainder {
  // State after the first `total_bytes - tail_bytes` bytes, which must be a multiple of 64.
  const State* midstate;
  const uint8_t* tail;
  size_t tail_bytes;
  // Length of the whole message.
  uint64_t total_bytes;
  // The tail is whole blocks, and the message ends, padding included, with those that `ending` has the schedules of.
  bool is_padded = false;
  const Schedule* ending = nullptr;
  size_t ending_blocks = 0;
};

// Double SHA-256 of messages of any length. Messages with equal numbers of blocks left and the same ending share lanes.
void sha256d_from_midstate_many(const Remainder* messages, uint8_t* out, size_t n);

// Big-endian words and bytes.
inline uint32_t load_be32(const uint8_t* p) {
  return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | uint32_t{p[3]};
}
inline void store_be32(uint8_t* p, uint32_t v) {
  p[0] = static_cast<uint8_t>(v >> 24);
  p[1] = static_cast<uint8_t>(v >> 16);
  p[2] = static_cast<uint8_t>(v >> 8);
  p[3] = static_cast<uint8_t>(v);
}

}  // namespace otedama::sha256
