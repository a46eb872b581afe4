#include <cstring>

#include "sha256/round_constants.h"
#include "sha256/sha256.h"

namespace otedama::sha256 {
namespace {

inline uint32_t ror(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }
inline uint32_t schedule0(uint32_t x) { return ror(x, 7) ^ ror(x, 18) ^ x >> 3; }
inline uint32_t schedule1(uint32_t x) { return ror(x, 17) ^ ror(x, 19) ^ x >> 10; }

// One round, the names rotating instead of the values.
inline void round(uint32_t a, uint32_t b, uint32_t c, uint32_t& d, uint32_t e, uint32_t f, uint32_t g, uint32_t& h, uint32_t kw) {
  const uint32_t t1 = h + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + (g ^ (e & (f ^ g))) + kw;
  const uint32_t t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + ((a & b) | (c & (a | b)));
  d += t1;
  h = t1 + t2;
}

void compress_one(State& state, const uint8_t* block) {
  uint32_t w[16];
  for (int i = 0; i < 16; i++) w[i] = load_be32(block + 4 * i);
  auto [a, b, c, d, e, f, g, h] = state;
  for (int i = 0; i < 64; i += 16) {
    if (i) {
      for (int j = 0; j < 16; j++) {
        w[j] += schedule1(w[(j + 14) & 15]) + w[(j + 9) & 15] + schedule0(w[(j + 1) & 15]);
      }
    }
    for (int j = 0; j < 16; j += 8) {
      const uint32_t* k = K + i + j;
      round(a, b, c, d, e, f, g, h, k[0] + w[j]);
      round(h, a, b, c, d, e, f, g, k[1] + w[j + 1]);
      round(g, h, a, b, c, d, e, f, k[2] + w[j + 2]);
      round(f, g, h, a, b, c, d, e, k[3] + w[j + 3]);
      round(e, f, g, h, a, b, c, d, k[4] + w[j + 4]);
      round(d, e, f, g, h, a, b, c, k[5] + w[j + 5]);
      round(c, d, e, f, g, h, a, b, k[6] + w[j + 6]);
      round(b, c, d, e, f, g, h, a, k[7] + w[j + 7]);
    }
  }
  const uint32_t after[8] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; i++) state[i] += after[i];
}

}  // namespace

Schedule schedule_of(const uint8_t block[BLOCK_BYTES]) {
  Schedule w;
  for (size_t i = 0; i < 16; i++) w[i] = load_be32(block + 4 * i);
  for (size_t i = 16; i < 64; i++) w[i] = w[i - 16] + schedule0(w[i - 15]) + w[i - 7] + schedule1(w[i - 2]);
  for (size_t i = 0; i < 64; i++) w[i] += K[i];
  return w;
}

void compress_scheduled(State& state, const Schedule& schedule) {
  auto [a, b, c, d, e, f, g, h] = state;
  for (size_t i = 0; i < 64; i += 8) {
    round(a, b, c, d, e, f, g, h, schedule[i]);
    round(h, a, b, c, d, e, f, g, schedule[i + 1]);
    round(g, h, a, b, c, d, e, f, schedule[i + 2]);
    round(f, g, h, a, b, c, d, e, schedule[i + 3]);
    round(e, f, g, h, a, b, c, d, schedule[i + 4]);
    round(d, e, f, g, h, a, b, c, schedule[i + 5]);
    round(c, d, e, f, g, h, a, b, schedule[i + 6]);
    round(b, c, d, e, f, g, h, a, schedule[i + 7]);
  }
  const uint32_t after[8] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; i++) state[i] += after[i];
}

void compress(State& state, const uint8_t* blocks, size_t count) {
  for (; count > 0; count--, blocks += BLOCK_BYTES) compress_one(state, blocks);
}

void Hasher::update(const uint8_t* data, size_t bytes) {
  if (bytes == 0) return;
  const size_t held = pending_bytes();
  total_ += bytes;
  if (held > 0) {
    const size_t taken = bytes < BLOCK_BYTES - held ? bytes : BLOCK_BYTES - held;
    std::memcpy(pending_ + held, data, taken);
    data += taken;
    bytes -= taken;
    if (held + taken < BLOCK_BYTES) return;
    compress(state_, pending_, 1);
  }
  const size_t whole = bytes / BLOCK_BYTES;
  compress(state_, data, whole);
  std::memcpy(pending_, data + whole * BLOCK_BYTES, bytes % BLOCK_BYTES);
}

void Hasher::finish(uint8_t out[DIGEST_BYTES]) {
  const uint64_t bits = total_ * 8;
  size_t held = pending_bytes();
  pending_[held++] = 0x80;
  if (held > BLOCK_BYTES - 8) {
    std::memset(pending_ + held, 0, BLOCK_BYTES - held);
    compress(state_, pending_, 1);
    held = 0;
  }
  std::memset(pending_ + held, 0, BLOCK_BYTES - 8 - held);
  store_be32(pending_ + 56, static_cast<uint32_t>(bits >> 32));
  store_be32(pending_ + 60, static_cast<uint32_t>(bits));
  compress(state_, pending_, 1);
  for (int i = 0; i < 8; i++) store_be32(out + 4 * i, state_[i]);
}

void sha256(const uint8_t* data, size_t bytes, uint8_t out[DIGEST_BYTES]) {
  Hasher hasher;
  hasher.update(data, bytes);
  hasher.finish(out);
}

void sha256d(const uint8_t* data, size_t bytes, uint8_t out[DIGEST_BYTES]) {
  uint8_t once[DIGEST_BYTES];
  sha256(data, bytes, once);
  sha256(once, DIGEST_BYTES, out);
}

}  // namespace otedama::sha256
