#include "sha256/rounds_sha_ni.h"

namespace otedama::sha256 {
namespace {

OTEDAMA_INLINE __m128i byte_swap() { return _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3); }

OTEDAMA_INLINE void load_block(const uint8_t* block, __m128i (&m)[4]) {
  for (int i = 0; i < 4; i++) m[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(block + 16 * i)), byte_swap());
}

}  // namespace

void sha256d_group_sha_ni(const Group& group) {
  constexpr int N = 2;
  ShaNiState state[N];
  __m128i m[N][4];
  for (int n = 0; n < N; n++) state[n] = sha_ni_load_state(group.from[n]);
  for (size_t block = 0; block < group.head_blocks; block++) {
    for (int n = 0; n < N; n++) load_block(group.head[n] + block * BLOCK_BYTES, m[n]);
    sha_ni_compress<N>(state, m);
  }
  for (size_t block = 0; block < group.tail_blocks; block++) {
    for (int n = 0; n < N; n++) load_block(group.tail[n] + block * BLOCK_BYTES, m[n]);
    sha_ni_compress<N>(state, m);
  }
  for (size_t block = 0; block < group.ending_blocks; block++) sha_ni_compress_scheduled<N>(state, group.ending[block]);
  for (int n = 0; n < N; n++) {
    sha_ni_words(state[n], m[n][0], m[n][1]);
    m[n][2] = _mm_set_epi32(0, 0, 0, static_cast<int>(0x80000000));
    m[n][3] = _mm_set_epi32(DIGEST_BYTES * 8, 0, 0, 0);
    state[n] = sha_ni_load_state(INITIAL_STATE.data());
  }
  sha_ni_compress<N>(state, m);
  for (int n = 0; n < N; n++) {
    __m128i abcd, efgh;
    sha_ni_words(state[n], abcd, efgh);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(group.out[n]), _mm_shuffle_epi8(abcd, byte_swap()));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(group.out[n] + 16), _mm_shuffle_epi8(efgh, byte_swap()));
  }
}

}  // namespace otedama::sha256
