// Eight lanes of AVX2.
#pragma once

#include <immintrin.h>

#include "sha256/lanes.h"

namespace {

struct Avx2 {
  using V = __m256i;
  static constexpr int STREAMS = 1;
  static constexpr int LANES = 8;

  static OTEDAMA_INLINE V load(const uint32_t* p) { return _mm256_loadu_si256(reinterpret_cast<const V*>(p)); }
  static OTEDAMA_INLINE void store(uint32_t* p, V v) { _mm256_storeu_si256(reinterpret_cast<V*>(p), v); }
  static OTEDAMA_INLINE V set1(uint32_t x) { return _mm256_set1_epi32(static_cast<int>(x)); }
  static OTEDAMA_INLINE V add(V a, V b) { return _mm256_add_epi32(a, b); }
  static OTEDAMA_INLINE V xor3(V a, V b, V c) { return _mm256_xor_si256(_mm256_xor_si256(a, b), c); }
  template <int n>
  static OTEDAMA_INLINE V ror(V x) {
    return _mm256_or_si256(_mm256_srli_epi32(x, n), _mm256_slli_epi32(x, 32 - n));
  }
  template <int n>
  static OTEDAMA_INLINE V shr(V x) {
    return _mm256_srli_epi32(x, n);
  }
  static OTEDAMA_INLINE V ch(V e, V f, V g) { return _mm256_xor_si256(g, _mm256_and_si256(e, _mm256_xor_si256(f, g))); }
  static OTEDAMA_INLINE V maj(V a, V b, V c) {
    return _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_or_si256(a, b)));
  }
  static OTEDAMA_INLINE V swap_bytes(V x) {
    return _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3)));
  }
  static OTEDAMA_INLINE V count_up() { return _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0); }
  static OTEDAMA_INLINE uint32_t at_most(V x, V bound) {
    return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_min_epu32(x, bound), x))));
  }
  // Lane n and lane n + 4 share a register, so that transposing inside the 128-bit halves is enough.
  static OTEDAMA_INLINE void load_words(const uint8_t* const* lanes, size_t offset, V out[16]) {
    const V swap = _mm256_broadcastsi128_si256(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    for (int i = 0; i < 16; i += 4) {
      V row[4];
      for (int lane = 0; lane < 4; lane++) {
        const __m128i* low = reinterpret_cast<const __m128i*>(lanes[lane] + offset + 4 * i);
        const __m128i* high = reinterpret_cast<const __m128i*>(lanes[lane + 4] + offset + 4 * i);
        row[lane] = _mm256_shuffle_epi8(_mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(low)), _mm_loadu_si128(high), 1), swap);
      }
      const V a = _mm256_unpacklo_epi32(row[0], row[1]), b = _mm256_unpackhi_epi32(row[0], row[1]);
      const V c = _mm256_unpacklo_epi32(row[2], row[3]), d = _mm256_unpackhi_epi32(row[2], row[3]);
      out[i] = _mm256_unpacklo_epi64(a, c);
      out[i + 1] = _mm256_unpackhi_epi64(a, c);
      out[i + 2] = _mm256_unpacklo_epi64(b, d);
      out[i + 3] = _mm256_unpackhi_epi64(b, d);
    }
  }
};

}  // namespace
