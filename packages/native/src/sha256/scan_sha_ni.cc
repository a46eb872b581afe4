// The search of scan.h on the SHA extensions: two nonces interleaved, four rounds an instruction pair.
#include "sha256/rounds_sha_ni.h"
#include "sha256/scan_kernels.h"

namespace otedama::sha256 {
namespace {

constexpr int N = 2;

// Round constants plus schedule words of the header's second block, group by group, for one nonce.
OTEDAMA_INLINE void header_schedule(const ScanJob& job, uint32_t nonce, __m128i (&kw)[16]) {
  __m128i m[4];
  m[0] = _mm_set_epi32(static_cast<int>(__builtin_bswap32(nonce)), static_cast<int>(job.tail[2]), static_cast<int>(job.tail[1]),
                       static_cast<int>(job.tail[0]));
  m[1] = _mm_set_epi32(0, 0, 0, static_cast<int>(0x80000000));
  m[2] = _mm_setzero_si128();
  m[3] = _mm_set_epi32(640, 0, 0, 0);
#pragma GCC unroll 16
  for (int group = 0; group < 16; group++) {
    kw[group] = _mm_add_epi32(m[group & 3], sha_ni_k(group));
    if (group < 12) m[group & 3] = sha_ni_extend(m[group & 3], m[(group + 1) & 3], m[(group + 2) & 3], m[(group + 3) & 3]);
  }
}

// Runs the second hash up to round 61: h after round 63 is f then.
OTEDAMA_INLINE void second_hash(ShaNiState (&s)[N], __m128i (&m)[N][4]) {
#pragma GCC unroll 16
  for (int group = 0; group < 15; group++) {
#pragma GCC unroll 2
    for (int n = 0; n < N; n++) sha_ni_four_rounds(s[n], _mm_add_epi32(m[n][group & 3], sha_ni_k(group)));
    if (group < 12) {
#pragma GCC unroll 2
      for (int n = 0; n < N; n++) {
        m[n][group & 3] = sha_ni_extend(m[n][group & 3], m[n][(group + 1) & 3], m[n][(group + 2) & 3], m[n][(group + 3) & 3]);
      }
    }
  }
#pragma GCC unroll 2
  for (int n = 0; n < N; n++) s[n].cdgh = _mm_sha256rnds2_epu32(s[n].cdgh, s[n].abef, _mm_add_epi32(m[n][3], sha_ni_k(15)));
}

}  // namespace

ScanResult scan_sha_ni(const ScanJob& job, uint32_t first, uint32_t count, ScanHit* hits, uint32_t hits_max) {
  ShaNiState midstate[SCAN_VERSIONS_MAX];
  for (uint32_t v = 0; v < job.versions; v++) midstate[v] = sha_ni_load_state(job.midstate[v]);
  const ShaNiState initial = sha_ni_load_state(INITIAL_STATE.data());
  uint32_t found = 0, scanned = 0;
  for (; scanned < count && found + N * job.versions <= hits_max; scanned += N) {
    __m128i kw[N][16];
    for (int n = 0; n < N; n++) header_schedule(job, first + scanned + static_cast<uint32_t>(n), kw[n]);
    for (uint32_t v = 0; v < job.versions; v++) {
      ShaNiState s[N];
      __m128i m[N][4];
#pragma GCC unroll 2
      for (int n = 0; n < N; n++) s[n] = midstate[v];
#pragma GCC unroll 16
      for (int group = 0; group < 16; group++) {
#pragma GCC unroll 2
        for (int n = 0; n < N; n++) sha_ni_four_rounds(s[n], kw[n][group]);
      }
#pragma GCC unroll 2
      for (int n = 0; n < N; n++) {
        s[n].abef = _mm_add_epi32(s[n].abef, midstate[v].abef);
        s[n].cdgh = _mm_add_epi32(s[n].cdgh, midstate[v].cdgh);
        sha_ni_words(s[n], m[n][0], m[n][1]);
        m[n][2] = _mm_set_epi32(0, 0, 0, static_cast<int>(0x80000000));
        m[n][3] = _mm_set_epi32(DIGEST_BYTES * 8, 0, 0, 0);
        s[n] = initial;
      }
      second_hash(s, m);
#pragma GCC unroll 2
      for (int n = 0; n < N; n++) {
        // After 62 rounds (cdgh holds the newer half, a b e f in order), h of the end is the e of two rounds before.
        const uint32_t h = static_cast<uint32_t>(_mm_extract_epi32(s[n].cdgh, 0)) + INITIAL_STATE[7];
        if (__builtin_bswap32(h) <= job.bound) hits[found++] = {first + scanned + static_cast<uint32_t>(n), v};
      }
    }
  }
  return {scanned, found};
}

}  // namespace otedama::sha256
