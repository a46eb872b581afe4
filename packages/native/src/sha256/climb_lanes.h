// The climb of climb.h over the lanes of a vector: a node stays in its lane from the leaf to the root, so nothing is packed or
// transposed between two levels.
#pragma once

#include "sha256/climb.h"
#include "sha256/streams.h"

namespace {

template <class T>
struct ClimbLanes : Streams<T> {
  using V = typename T::V;
  using S = Streams<T>;

  // Climbs from N * LANES nodes of 32 bytes in a row, in place.
  template <int N>
  static OTEDAMA_INLINE void climb(uint8_t* nodes, const uint32_t* branches, size_t levels) {
    using otedama::sha256::DIGEST_BYTES;
    V s[N][8], kw[N][64], digest_kw[N][64];
    alignas(64) uint32_t lane_words[T::LANES];
    const V* words[N];
    for (int n = 0; n < N; n++) {
      words[n] = kw[n];
      S::store_padding(S::DIGEST_W8, S::DIGEST_W15, digest_kw[n]);
      for (int i = 0; i < 8; i++) {
        for (int lane = 0; lane < T::LANES; lane++) {
          __builtin_memcpy(lane_words + lane, nodes + DIGEST_BYTES * static_cast<size_t>(n * T::LANES + lane) + 4 * static_cast<size_t>(i), 4);
        }
        s[n][i] = T::swap_bytes(T::load(lane_words));
      }
    }
    for (size_t level = 0; level < levels; level++) {
      const uint32_t* branch = branches + 8 * level;
      for (int n = 0; n < N; n++) {
        V w[16];
        for (int i = 0; i < 8; i++) {
          w[i] = s[n][i];
          w[8 + i] = T::set1(branch[i]);
        }
        S::block_schedule(w, kw[n]);
      }
      S::template set_initial<N>(s);
      S::template loop_rounds<N>(s, words, 0, 64);
      S::template add_initial<N>(s);
      V before[N][8];
      for (int n = 0; n < N; n++) {
        for (int i = 0; i < 8; i++) before[n][i] = s[n][i];
      }
      S::template constant_rounds<N>(s, otedama::sha256::PAIR_PADDING_WORDS);
      for (int n = 0; n < N; n++) {
        for (int i = 0; i < 8; i++) s[n][i] = T::add(s[n][i], before[n][i]);
      }
      S::template hash_again<N>(s, digest_kw);
    }
    for (int n = 0; n < N; n++) {
      for (int i = 0; i < 8; i++) {
        T::store(lane_words, T::swap_bytes(s[n][i]));
        for (int lane = 0; lane < T::LANES; lane++) {
          __builtin_memcpy(nodes + DIGEST_BYTES * static_cast<size_t>(n * T::LANES + lane) + 4 * static_cast<size_t>(i), lane_words + lane, 4);
        }
      }
    }
  }
};

}  // namespace
