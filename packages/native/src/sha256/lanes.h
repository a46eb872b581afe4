// SHA-256 over the lanes of a vector, one message a lane. Each ISA's file includes this with its own vector type `T`, inside an
// anonymous namespace, so that no code compiled for one instruction set can be linked into another's place.
//
// T gives: V, LANES, load(const uint32_t*), store(uint32_t*, V), set1(uint32_t), add(V, V), xor3(V, V, V), ror<n>(V), shr<n>(V),
// ch(e, f, g), maj(a, b, c), and load_words(const uint8_t* const* lanes, size_t offset, V out[16]), which reads one block a lane.
#pragma once

#include "sha256/batch.h"
#include "sha256/round_constants.h"
#include "sha256/sha256.h"

#define OTEDAMA_INLINE inline __attribute__((always_inline))

namespace {

template <class T>
struct Sha256Lanes {
  using V = typename T::V;

  static OTEDAMA_INLINE V sigma0(V a) { return T::xor3(T::template ror<2>(a), T::template ror<13>(a), T::template ror<22>(a)); }
  static OTEDAMA_INLINE V sigma1(V e) { return T::xor3(T::template ror<6>(e), T::template ror<11>(e), T::template ror<25>(e)); }
  static OTEDAMA_INLINE V schedule0(V w) { return T::xor3(T::template ror<7>(w), T::template ror<18>(w), T::template shr<3>(w)); }
  static OTEDAMA_INLINE V schedule1(V w) { return T::xor3(T::template ror<17>(w), T::template ror<19>(w), T::template shr<10>(w)); }

  static OTEDAMA_INLINE void round(V a, V b, V c, V& d, V e, V f, V g, V& h, V kw) {
    const V t1 = T::add(T::add(T::add(h, kw), T::ch(e, f, g)), sigma1(e));
    d = T::add(d, t1);
    h = T::add(T::add(t1, sigma0(a)), T::maj(a, b, c));
  }

  static OTEDAMA_INLINE void eight_rounds(V s[8], const V* w, const uint32_t* k) {
    round(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], T::add(w[0], T::set1(k[0])));
    round(s[7], s[0], s[1], s[2], s[3], s[4], s[5], s[6], T::add(w[1], T::set1(k[1])));
    round(s[6], s[7], s[0], s[1], s[2], s[3], s[4], s[5], T::add(w[2], T::set1(k[2])));
    round(s[5], s[6], s[7], s[0], s[1], s[2], s[3], s[4], T::add(w[3], T::set1(k[3])));
    round(s[4], s[5], s[6], s[7], s[0], s[1], s[2], s[3], T::add(w[4], T::set1(k[4])));
    round(s[3], s[4], s[5], s[6], s[7], s[0], s[1], s[2], T::add(w[5], T::set1(k[5])));
    round(s[2], s[3], s[4], s[5], s[6], s[7], s[0], s[1], T::add(w[6], T::set1(k[6])));
    round(s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[0], T::add(w[7], T::set1(k[7])));
  }

  template <int i>
  static OTEDAMA_INLINE void extend(V w[16]) {
    w[i] = T::add(T::add(w[i], schedule0(w[(i + 1) & 15])), T::add(w[(i + 9) & 15], schedule1(w[(i + 14) & 15])));
  }

  // Compresses the block `w` (consumed) into `state`.
  static OTEDAMA_INLINE void compress(V state[8], V w[16]) {
    V s[8];
    for (int i = 0; i < 8; i++) s[i] = state[i];
    eight_rounds(s, w, otedama::sha256::K);
    eight_rounds(s, w + 8, otedama::sha256::K + 8);
#pragma GCC unroll 1
    for (int i = 16; i < 64; i += 16) {
      extend<0>(w), extend<1>(w), extend<2>(w), extend<3>(w), extend<4>(w), extend<5>(w), extend<6>(w), extend<7>(w);
      eight_rounds(s, w, otedama::sha256::K + i);
      extend<8>(w), extend<9>(w), extend<10>(w), extend<11>(w), extend<12>(w), extend<13>(w), extend<14>(w), extend<15>(w);
      eight_rounds(s, w + 8, otedama::sha256::K + i + 8);
    }
    for (int i = 0; i < 8; i++) state[i] = T::add(state[i], s[i]);
  }

  // The same where the block is the same in every lane, its schedule known.
  static OTEDAMA_INLINE void compress_scheduled(V state[8], const otedama::sha256::Schedule& schedule) {
    V s[8], w[8];
    constexpr uint32_t ADDED[8] = {};
    for (int i = 0; i < 8; i++) s[i] = state[i];
#pragma GCC unroll 1
    for (size_t i = 0; i < 64; i += 8) {
      for (size_t j = 0; j < 8; j++) w[j] = T::set1(schedule[i + j]);
      eight_rounds(s, w, ADDED);
    }
    for (int i = 0; i < 8; i++) state[i] = T::add(state[i], s[i]);
  }

  static OTEDAMA_INLINE void sha256d_group(const otedama::sha256::Group& group) {
    V state[8], w[16];
    alignas(64) uint32_t words[T::LANES];
    for (int i = 0; i < 8; i++) {
      for (int lane = 0; lane < T::LANES; lane++) words[lane] = group.from[lane][i];
      state[i] = T::load(words);
    }
    for (size_t block = 0; block < group.head_blocks; block++) {
      T::load_words(group.head, block * otedama::sha256::BLOCK_BYTES, w);
      compress(state, w);
    }
    for (size_t block = 0; block < group.tail_blocks; block++) {
      T::load_words(group.tail, block * otedama::sha256::BLOCK_BYTES, w);
      compress(state, w);
    }
    for (size_t block = 0; block < group.ending_blocks; block++) compress_scheduled(state, group.ending[block]);
    for (int i = 0; i < 8; i++) {
      w[i] = state[i];
      state[i] = T::set1(otedama::sha256::INITIAL_STATE[static_cast<size_t>(i)]);
    }
    w[8] = T::set1(0x80000000);
    for (int i = 9; i < 15; i++) w[i] = T::set1(0);
    w[15] = T::set1(otedama::sha256::DIGEST_BYTES * 8);
    compress(state, w);
    for (int i = 0; i < 8; i++) {
      T::store(words, state[i]);
      for (int lane = 0; lane < T::LANES; lane++) {
        const uint32_t swapped = __builtin_bswap32(words[lane]);
        __builtin_memcpy(group.out[lane] + 4 * i, &swapped, 4);
      }
    }
  }

  // Reads one block of each lane word by word, for vectors that have no transposition of their own.
  static OTEDAMA_INLINE void gather_words(const uint8_t* const* lanes, size_t offset, V out[16]) {
    alignas(64) uint32_t words[T::LANES];
    for (int i = 0; i < 16; i++) {
      for (int lane = 0; lane < T::LANES; lane++) {
        uint32_t word;
        __builtin_memcpy(&word, lanes[lane] + offset + 4 * i, 4);
        words[lane] = __builtin_bswap32(word);
      }
      out[i] = T::load(words);
    }
  }
};

}  // namespace
