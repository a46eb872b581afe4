// Four lanes of SSE4.1.
#pragma once

#include <smmintrin.h>

#include "sha256/lanes.h"

namespace {

struct Sse41 {
  using V = __m128i;
  static constexpr int STREAMS = 1;
  static constexpr int LANES = 4;

  static OTEDAMA_INLINE V load(const uint32_t* p) { return _mm_loadu_si128(reinterpret_cast<const V*>(p)); }
  static OTEDAMA_INLINE void store(uint32_t* p, V v) { _mm_storeu_si128(reinterpret_cast<V*>(p), v); }
  static OTEDAMA_INLINE V set1(uint32_t x) { return _mm_set1_epi32(static_cast<int>(x)); }
  static OTEDAMA_INLINE V add(V a, V b) { return _mm_add_epi32(a, b); }
  static OTEDAMA_INLINE V xor3(V a, V b, V c) { return _mm_xor_si128(_mm_xor_si128(a, b), c); }
  template <int n>
  static OTEDAMA_INLINE V ror(V x) {
    return _mm_or_si128(_mm_srli_epi32(x, n), _mm_slli_epi32(x, 32 - n));
  }
  template <int n>
  static OTEDAMA_INLINE V shr(V x) {
    return _mm_srli_epi32(x, n);
  }
  static OTEDAMA_INLINE V ch(V e, V f, V g) { return _mm_xor_si128(g, _mm_and_si128(e, _mm_xor_si128(f, g))); }
  static OTEDAMA_INLINE V maj(V a, V b, V c) {
    return _mm_or_si128(_mm_and_si128(a, b), _mm_and_si128(c, _mm_or_si128(a, b)));
  }
  static OTEDAMA_INLINE V swap_bytes(V x) {
    return _mm_shuffle_epi8(x, _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
  }
  static OTEDAMA_INLINE V count_up() { return _mm_set_epi32(3, 2, 1, 0); }
  static OTEDAMA_INLINE uint32_t at_most(V x, V bound) {
    return static_cast<uint32_t>(_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(_mm_min_epu32(x, bound), x))));
  }
  static OTEDAMA_INLINE void load_words(const uint8_t* const* lanes, size_t offset, V out[16]) {
    const V swap = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    for (int i = 0; i < 16; i += 4) {
      V row[4];
      for (int lane = 0; lane < 4; lane++) {
        const uint8_t* p = lanes[lane] + offset + 4 * i;
        row[lane] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const V*>(p)), swap);
      }
      const V a = _mm_unpacklo_epi32(row[0], row[1]), b = _mm_unpackhi_epi32(row[0], row[1]);
      const V c = _mm_unpacklo_epi32(row[2], row[3]), d = _mm_unpackhi_epi32(row[2], row[3]);
      out[i] = _mm_unpacklo_epi64(a, c);
      out[i + 1] = _mm_unpackhi_epi64(a, c);
      out[i + 2] = _mm_unpacklo_epi64(b, d);
      out[i + 3] = _mm_unpackhi_epi64(b, d);
    }
  }
};

}  // namespace
