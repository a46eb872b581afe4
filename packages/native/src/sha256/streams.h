// SHA-256 over N streams of vectors side by side: while one waits for a result, another has work for the execution units. The message
// schedules lie ready in memory, round constants added. See lanes.h for what T gives.
#pragma once

#include <array>
#include <utility>

#include "sha256/lanes.h"

namespace {

template <class T>
struct Streams {
  using V = typename T::V;
  using L = Sha256Lanes<T>;

  static OTEDAMA_INLINE uint32_t ror32(uint32_t x, int n) { return x >> n | x << (32 - n); }
  static OTEDAMA_INLINE uint32_t small0(uint32_t x) { return ror32(x, 7) ^ ror32(x, 18) ^ x >> 3; }
  static OTEDAMA_INLINE uint32_t small1(uint32_t x) { return ror32(x, 17) ^ ror32(x, 19) ^ x >> 10; }

  // Round I with the names standing still: round I finds its `a` at s[-I mod 8]. `kw` is the schedule word plus the constant.
  template <int I>
  static OTEDAMA_INLINE void round(V (&s)[8], V kw) {
    constexpr int n = (64 - I) & 7;
    L::round(s[n], s[(n + 1) & 7], s[(n + 2) & 7], s[(n + 3) & 7], s[(n + 4) & 7], s[(n + 5) & 7], s[(n + 6) & 7], s[(n + 7) & 7], kw);
  }

  static OTEDAMA_INLINE V k(int i) { return T::set1(otedama::sha256::K[i]); }

  // Stores words First … First + 15 of a schedule, with their round constants added.
  template <int First>
  static OTEDAMA_INLINE void store_with_constants(const V (&w)[16], V* kw) {
    [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
      ((kw[First + I] = T::add(w[I], k(First + I))), ...);
    }(std::make_integer_sequence<int, 16>{});
  }

  // Extends a schedule of which `w` holds the sixteen words before `first` to its end, storing them with their constants.
  static OTEDAMA_INLINE void extend_from(int first, V (&w)[16], V* kw) {
    const auto sixteen = [&]<int... I>(std::integer_sequence<int, I...>, int first) __attribute__((always_inline)) {
      ((L::template extend<I>(w), kw[first + I] = T::add(w[I], k(first + I))), ...);
    };
#pragma GCC unroll 1
    for (; first < 64; first += 16) sixteen(std::make_integer_sequence<int, 16>{}, first);
  }

  // From words 16 … 31 to the end.
  static OTEDAMA_INLINE void finish_schedule(V (&w)[16], V* kw) {
    store_with_constants<16>(w, kw);
    extend_from(32, w, kw);
  }

  // A whole schedule of a block whose words are in `w`, which it consumes.
  static OTEDAMA_INLINE void block_schedule(V (&w)[16], V* kw) {
    store_with_constants<0>(w, kw);
    extend_from(16, w, kw);
  }

  // Words 0 … 7 and 16 … 63 of the schedule of the second hash, whose message is the first one's digest and then its padding.
  static constexpr uint32_t DIGEST_W8 = 0x80000000, DIGEST_W15 = 256;

  static OTEDAMA_INLINE void digest_schedule(const V (&digest)[8], V* kw) {
    V w[16];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
      w[i] = digest[i];
      kw[i] = T::add(w[i], k(i));
    }
    w[0] = T::add(w[0], L::schedule0(w[1]));
    w[1] = T::add(T::add(w[1], L::schedule0(w[2])), T::set1(small1(DIGEST_W15)));
    w[2] = T::add(T::add(w[2], L::schedule0(w[3])), L::schedule1(w[0]));
    w[3] = T::add(T::add(w[3], L::schedule0(w[4])), L::schedule1(w[1]));
    w[4] = T::add(T::add(w[4], L::schedule0(w[5])), L::schedule1(w[2]));
    w[5] = T::add(T::add(w[5], L::schedule0(w[6])), L::schedule1(w[3]));
    w[6] = T::add(T::add(T::add(w[6], L::schedule0(w[7])), L::schedule1(w[4])), T::set1(DIGEST_W15));
    w[7] = T::add(T::add(T::add(w[7], w[0]), L::schedule1(w[5])), T::set1(small0(DIGEST_W8)));
    w[8] = T::add(T::add(w[1], L::schedule1(w[6])), T::set1(DIGEST_W8));
    w[9] = T::add(w[2], L::schedule1(w[7]));
    w[10] = T::add(w[3], L::schedule1(w[8]));
    w[11] = T::add(w[4], L::schedule1(w[9]));
    w[12] = T::add(w[5], L::schedule1(w[10]));
    w[13] = T::add(w[6], L::schedule1(w[11]));
    w[14] = T::add(T::add(w[7], L::schedule1(w[12])), T::set1(small0(DIGEST_W15)));
    w[15] = T::add(T::add(T::add(w[8], L::schedule1(w[13])), L::schedule0(w[0])), T::set1(DIGEST_W15));
    finish_schedule(w, kw);
  }

  // Words 8 … 15 of both schedules never change.
  static OTEDAMA_INLINE void store_padding(uint32_t w8, uint32_t w15, V* kw) {
    for (int i = 8; i < 16; i++) kw[i] = T::set1(otedama::sha256::K[i] + (i == 8 ? w8 : i == 15 ? w15 : 0));
  }

  // Rounds First … First + Count - 1 of N streams side by side; round First + i takes word base + First + i.
  template <int N, int First, int Count>
  static OTEDAMA_INLINE void rounds(V (&s)[N][8], const V* const (&kw)[N], int base) {
    const auto one = [&]<int I>(std::integral_constant<int, I>) __attribute__((always_inline)) {
#pragma GCC unroll 4
      for (int n = 0; n < N; n++) round<I>(s[n], kw[n][base + I]);
    };
    [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
      (one(std::integral_constant<int, First + I>{}), ...);
    }(std::make_integer_sequence<int, Count>{});
  }

  // Whole groups of eight rounds, in a loop small enough for the CPU's cache of decoded instructions: unrolled over all rounds,
  // fetching instructions would be slower than executing them.
  template <int N>
  static OTEDAMA_INLINE void loop_rounds(V (&s)[N][8], const V* const (&kw)[N], int first, int end) {
#pragma GCC unroll 1
    for (int base = first; base < end; base += 8) rounds<N, 0, 8>(s, kw, base);
  }

  // All 64 rounds on a block that is the same in every lane.
  template <int N>
  static OTEDAMA_INLINE void constant_rounds(V (&s)[N][8], const std::array<uint32_t, 64>& kw) {
    const auto one = [&]<int I>(std::integral_constant<int, I>, int base) __attribute__((always_inline)) {
      const V word = T::set1(kw[static_cast<size_t>(base + I)]);
#pragma GCC unroll 4
      for (int n = 0; n < N; n++) round<I>(s[n], word);
    };
#pragma GCC unroll 1
    for (int base = 0; base < 64; base += 8) {
      [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
        (one(std::integral_constant<int, I>{}, base), ...);
      }(std::make_integer_sequence<int, 8>{});
    }
  }

  template <int N>
  static OTEDAMA_INLINE void set_initial(V (&s)[N][8]) {
#pragma GCC unroll 4
    for (int n = 0; n < N; n++) {
#pragma GCC unroll 8
      for (int i = 0; i < 8; i++) s[n][i] = T::set1(otedama::sha256::INITIAL_STATE[static_cast<size_t>(i)]);
    }
  }

  template <int N>
  static OTEDAMA_INLINE void add_initial(V (&s)[N][8]) {
#pragma GCC unroll 4
    for (int n = 0; n < N; n++) {
#pragma GCC unroll 8
      for (int i = 0; i < 8; i++) s[n][i] = T::add(s[n][i], T::set1(otedama::sha256::INITIAL_STATE[static_cast<size_t>(i)]));
    }
  }

  // Replaces the digests in `s` by their own. `kw` has room for one schedule a stream, words 8 … 15 of which are a digest's padding.
  template <int N>
  static OTEDAMA_INLINE void hash_again(V (&s)[N][8], V (*kw)[64]) {
    const V* words[N];
#pragma GCC unroll 4
    for (int n = 0; n < N; n++) {
      digest_schedule(s[n], kw[n]);
      words[n] = kw[n];
    }
    set_initial<N>(s);
    loop_rounds<N>(s, words, 0, 64);
    add_initial<N>(s);
  }

  // The digests of N groups of one shape, as Sha256Lanes::sha256d_group makes one's.
  template <int N>
  static OTEDAMA_INLINE void sha256d_groups(const otedama::sha256::Group* groups) {
    V s[N][8], w[16], kw[N][64], digest_kw[N][64];
    alignas(64) uint32_t lane_words[T::LANES];
    const V* words[N];
    for (int n = 0; n < N; n++) {
      words[n] = kw[n];
      store_padding(DIGEST_W8, DIGEST_W15, digest_kw[n]);
      for (int i = 0; i < 8; i++) {
        for (int lane = 0; lane < T::LANES; lane++) lane_words[lane] = groups[n].from[lane][i];
        s[n][i] = T::load(lane_words);
      }
    }
    const size_t heads = groups[0].head_blocks;
    const size_t blocks = heads + groups[0].tail_blocks;
    for (size_t block = 0; block < blocks; block++) {
      V before[N][8];
      for (int n = 0; n < N; n++) {
        const bool in_place = block < heads;
        T::load_words(in_place ? groups[n].head : groups[n].tail, (in_place ? block : block - heads) * otedama::sha256::BLOCK_BYTES, w);
        block_schedule(w, kw[n]);
        for (int i = 0; i < 8; i++) before[n][i] = s[n][i];
      }
      loop_rounds<N>(s, words, 0, 64);
      for (int n = 0; n < N; n++) {
        for (int i = 0; i < 8; i++) s[n][i] = T::add(s[n][i], before[n][i]);
      }
    }
    for (size_t block = 0; block < groups[0].ending_blocks; block++) {
      V before[N][8];
      for (int n = 0; n < N; n++) {
        for (int i = 0; i < 8; i++) before[n][i] = s[n][i];
      }
      constant_rounds<N>(s, groups[0].ending[block]);
      for (int n = 0; n < N; n++) {
        for (int i = 0; i < 8; i++) s[n][i] = T::add(s[n][i], before[n][i]);
      }
    }
    hash_again<N>(s, digest_kw);
    for (int n = 0; n < N; n++) {
      for (int i = 0; i < 8; i++) {
        T::store(lane_words, T::swap_bytes(s[n][i]));
        for (int lane = 0; lane < T::LANES; lane++) __builtin_memcpy(groups[n].out[lane] + 4 * i, lane_words + lane, 4);
      }
    }
  }
};

}  // namespace
