// Sixteen lanes of AVX-512: rotations are one instruction and any function of three inputs is another.
#pragma once

// GCC 12 warns about its own intrinsics' deliberately undefined operands.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>

#include "sha256/lanes.h"

namespace {

struct Avx512 {
  using V = __m512i;
  static constexpr int STREAMS = 2;
  static constexpr int LANES = 16;

  static OTEDAMA_INLINE V load(const uint32_t* p) { return _mm512_loadu_si512(p); }
  static OTEDAMA_INLINE void store(uint32_t* p, V v) { _mm512_storeu_si512(p, v); }
  static OTEDAMA_INLINE V set1(uint32_t x) { return _mm512_set1_epi32(static_cast<int>(x)); }
  static OTEDAMA_INLINE V add(V a, V b) { return _mm512_add_epi32(a, b); }
  static OTEDAMA_INLINE V xor3(V a, V b, V c) { return _mm512_ternarylogic_epi32(a, b, c, 0x96); }
  template <int n>
  static OTEDAMA_INLINE V ror(V x) {
    return _mm512_ror_epi32(x, n);
  }
  template <int n>
  static OTEDAMA_INLINE V shr(V x) {
    return _mm512_srli_epi32(x, n);
  }
  static OTEDAMA_INLINE V ch(V e, V f, V g) { return _mm512_ternarylogic_epi32(e, f, g, 0xca); }
  static OTEDAMA_INLINE V maj(V a, V b, V c) { return _mm512_ternarylogic_epi32(a, b, c, 0xe8); }
  static OTEDAMA_INLINE V swap_bytes(V x) {
    return _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3)));
  }
  static OTEDAMA_INLINE V count_up() { return _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0); }
  static OTEDAMA_INLINE uint32_t at_most(V x, V bound) { return _mm512_cmple_epu32_mask(x, bound); }
  // Lanes n, n + 4, n + 8 and n + 12 share a register, so that transposing inside the 128-bit quarters is enough.
  static OTEDAMA_INLINE void load_words(const uint8_t* const* lanes, size_t offset, V out[16]) {
    const V swap = _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    for (int i = 0; i < 16; i += 4) {
      V row[4];
      for (int lane = 0; lane < 4; lane++) {
        const auto quarter = [&](int n) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(lanes[lane + n] + offset + 4 * i)); };
        V v = _mm512_castsi128_si512(quarter(0));
        v = _mm512_inserti32x4(v, quarter(4), 1);
        v = _mm512_inserti32x4(v, quarter(8), 2);
        v = _mm512_inserti32x4(v, quarter(12), 3);
        row[lane] = _mm512_shuffle_epi8(v, swap);
      }
      const V a = _mm512_unpacklo_epi32(row[0], row[1]), b = _mm512_unpackhi_epi32(row[0], row[1]);
      const V c = _mm512_unpacklo_epi32(row[2], row[3]), d = _mm512_unpackhi_epi32(row[2], row[3]);
      out[i] = _mm512_unpacklo_epi64(a, c);
      out[i + 1] = _mm512_unpackhi_epi64(a, c);
      out[i + 2] = _mm512_unpacklo_epi64(b, d);
      out[i + 3] = _mm512_unpackhi_epi64(b, d);
    }
  }
};

}  // namespace
