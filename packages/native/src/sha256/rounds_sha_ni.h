// SHA-256 on the SHA extensions, N independent messages interleaved: a round instruction takes several cycles to answer, and the
// other message fills the wait. Register layout as the Intel SDM prescribes for SHA256RNDS2: ABEF and CDGH.
#pragma once

#include <immintrin.h>

#include "sha256/batch.h"
#include "sha256/round_constants.h"
#include "sha256/sha256.h"

#define OTEDAMA_INLINE inline __attribute__((always_inline))

namespace {

struct ShaNiState {
  __m128i abef;
  __m128i cdgh;
};

OTEDAMA_INLINE ShaNiState sha_ni_load_state(const uint32_t* words) {
  const __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(words)), 0x1b);
  const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(words + 4)), 0x1b);
  // Reversed, the words read d c b a and h g f e from low to high.
  return {_mm_unpackhi_epi64(efgh, abcd), _mm_unpacklo_epi64(efgh, abcd)};
}

// The state as two vectors of words in order: a b c d and e f g h.
OTEDAMA_INLINE void sha_ni_words(const ShaNiState& s, __m128i& abcd, __m128i& efgh) {
  const __m128i feba = _mm_shuffle_epi32(s.abef, 0x1b), hgdc = _mm_shuffle_epi32(s.cdgh, 0x1b);
  abcd = _mm_unpacklo_epi64(feba, hgdc);
  efgh = _mm_unpackhi_epi64(feba, hgdc);
}

OTEDAMA_INLINE __m128i sha_ni_k(int group) {
  return _mm_load_si128(reinterpret_cast<const __m128i*>(otedama::sha256::K + 4 * group));
}

// The four schedule words after m0 … m3, in m0's place.
OTEDAMA_INLINE __m128i sha_ni_extend(__m128i m0, __m128i m1, __m128i m2, __m128i m3) {
  return _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(m0, m1), _mm_alignr_epi8(m3, m2, 4)), m3);
}

OTEDAMA_INLINE void sha_ni_four_rounds(ShaNiState& s, __m128i wk) {
  s.cdgh = _mm_sha256rnds2_epu32(s.cdgh, s.abef, wk);
  s.abef = _mm_sha256rnds2_epu32(s.abef, s.cdgh, _mm_shuffle_epi32(wk, 0x0e));
}

// The same block for all of them, its schedule known.
template <int N>
OTEDAMA_INLINE void sha_ni_compress_scheduled(ShaNiState (&state)[N], const otedama::sha256::Schedule& schedule) {
  ShaNiState s[N];
#pragma GCC unroll 4
  for (int n = 0; n < N; n++) s[n] = state[n];
#pragma GCC unroll 16
  for (size_t group = 0; group < 16; group++) {
    const __m128i wk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(schedule.data() + 4 * group));
#pragma GCC unroll 4
    for (int n = 0; n < N; n++) sha_ni_four_rounds(s[n], wk);
  }
#pragma GCC unroll 4
  for (int n = 0; n < N; n++) {
    state[n].abef = _mm_add_epi32(state[n].abef, s[n].abef);
    state[n].cdgh = _mm_add_epi32(state[n].cdgh, s[n].cdgh);
  }
}

template <int N>
OTEDAMA_INLINE void sha_ni_compress(ShaNiState (&state)[N], __m128i (&m)[N][4]) {
  ShaNiState s[N];
#pragma GCC unroll 4
  for (int n = 0; n < N; n++) s[n] = state[n];
#pragma GCC unroll 16
  for (int group = 0; group < 16; group++) {
#pragma GCC unroll 4
    for (int n = 0; n < N; n++) sha_ni_four_rounds(s[n], _mm_add_epi32(m[n][group & 3], sha_ni_k(group)));
    if (group < 12) {
#pragma GCC unroll 4
      for (int n = 0; n < N; n++) {
        m[n][group & 3] = sha_ni_extend(m[n][group & 3], m[n][(group + 1) & 3], m[n][(group + 2) & 3], m[n][(group + 3) & 3]);
      }
    }
  }
#pragma GCC unroll 4
  for (int n = 0; n < N; n++) {
    state[n].abef = _mm_add_epi32(state[n].abef, s[n].abef);
    state[n].cdgh = _mm_add_epi32(state[n].cdgh, s[n].cdgh);
  }
}

}  // namespace
