// The search of scan.h over the lanes of a vector, one nonce a lane. See lanes.h for what T gives; here also swap_bytes(V),
// count_up() (the lane numbers) and at_most(V, V), a bit for each lane whose unsigned value is not above the bound.
#pragma once

#include <utility>

#include "sha256/lanes.h"
#include "sha256/scan.h"

namespace {

template <class T>
struct ScanLanes {
  using V = typename T::V;
  using L = Sha256Lanes<T>;

  // One midstate after what does not depend on the nonce.
  struct Prepared {
    // After round 2.
    uint32_t s[8];
    // Round 3 without its nonce: the new e and the new a.
    uint32_t e4, a4;
  };

  static OTEDAMA_INLINE uint32_t ror32(uint32_t x, int n) { return x >> n | x << (32 - n); }
  static OTEDAMA_INLINE uint32_t small0(uint32_t x) { return ror32(x, 7) ^ ror32(x, 18) ^ x >> 3; }
  static OTEDAMA_INLINE uint32_t small1(uint32_t x) { return ror32(x, 17) ^ ror32(x, 19) ^ x >> 10; }

  // The two sums of one scalar round: what is added to d, and what becomes a.
  static OTEDAMA_INLINE void scalar_round(const uint32_t (&s)[8], uint32_t kw, uint32_t& t1, uint32_t& a) {
    t1 = s[7] + (ror32(s[4], 6) ^ ror32(s[4], 11) ^ ror32(s[4], 25)) + (s[6] ^ (s[4] & (s[5] ^ s[6]))) + kw;
    a = t1 + (ror32(s[0], 2) ^ ror32(s[0], 13) ^ ror32(s[0], 22)) + ((s[0] & s[1]) | (s[2] & (s[0] | s[1])));
  }

  static OTEDAMA_INLINE Prepared prepare(const uint32_t* midstate, const uint32_t* tail) {
    Prepared p;
    for (int i = 0; i < 8; i++) p.s[i] = midstate[i];
    uint32_t t1, a;
    for (int i = 0; i < 3; i++) {
      scalar_round(p.s, otedama::sha256::K[i] + tail[i], t1, a);
      const uint32_t e = p.s[3] + t1;
      for (int j = 7; j > 0; j--) p.s[j] = p.s[j - 1];
      p.s[0] = a;
      p.s[4] = e;
    }
    scalar_round(p.s, otedama::sha256::K[3], t1, p.a4);
    p.e4 = p.s[3] + t1;
    return p;
  }

  // Round I with the names standing still: round I finds its `a` at s[-I mod 8]. `kw` is the schedule word plus the constant.
  template <int I>
  static OTEDAMA_INLINE void round(V (&s)[8], V kw) {
    constexpr int n = (64 - I) & 7;
    L::round(s[n], s[(n + 1) & 7], s[(n + 2) & 7], s[(n + 3) & 7], s[(n + 4) & 7], s[(n + 5) & 7], s[(n + 6) & 7], s[(n + 7) & 7], kw);
  }

  // Word I of a schedule that rolls through sixteen places; words before `First` are plain constants already in place.
  template <int I>
  static OTEDAMA_INLINE V extend(V (&w)[16]) {
    L::template extend<(I & 15)>(w);
    return w[I & 15];
  }

  static OTEDAMA_INLINE V k(int i) { return T::set1(otedama::sha256::K[i]); }

  // Schedule words 18 … 63 of the header's second block, with the round constants added, for one vector of nonces.
  static OTEDAMA_INLINE void header_schedule(const uint32_t* tail, V nonce, V (&kw)[64]) {
    constexpr uint32_t W4 = 0x80000000, W15 = 640;
    const uint32_t w16 = tail[0] + small0(tail[1]);
    const uint32_t w17 = tail[1] + small0(tail[2]) + small1(W15);
    V w[16];
    w[0] = T::set1(w16);
    w[1] = T::set1(w17);
    w[2] = T::add(L::schedule0(nonce), T::set1(tail[2] + small1(w16)));
    w[3] = T::add(nonce, T::set1(small0(W4) + small1(w17)));
    w[4] = T::add(L::schedule1(w[2]), T::set1(W4));
    w[5] = L::schedule1(w[3]);
    w[6] = T::add(L::schedule1(w[4]), T::set1(W15));
    w[7] = T::add(L::schedule1(w[5]), w[0]);
    w[8] = T::add(L::schedule1(w[6]), w[1]);
    w[9] = T::add(L::schedule1(w[7]), w[2]);
    w[10] = T::add(L::schedule1(w[8]), w[3]);
    w[11] = T::add(L::schedule1(w[9]), w[4]);
    w[12] = T::add(L::schedule1(w[10]), w[5]);
    w[13] = T::add(L::schedule1(w[11]), w[6]);
    w[14] = T::add(T::add(L::schedule1(w[12]), w[7]), T::set1(small0(W15)));
    w[15] = T::add(T::add(L::schedule1(w[13]), w[8]), T::set1(W15 + small0(w16)));
    [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
      ((kw[16 + I] = T::add(w[I], k(16 + I))), ...);
      ((kw[32 + I] = T::add(extend<32 + I>(w), k(32 + I))), ...);
    }(std::make_integer_sequence<int, 16>{});
    [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
      ((kw[48 + I] = T::add(extend<48 + I>(w), k(48 + I))), ...);
    }(std::make_integer_sequence<int, 16>{});
  }

  // The first hash of one version of the header: its digest's words.
  static OTEDAMA_INLINE void first_hash(const Prepared& p, const uint32_t* midstate, V nonce, const V (&kw)[64], V (&digest)[8]) {
    // Places after round 3, in the rotating order of `round`: a at 4, then b, c, d, e, f, g, h at 5, 6, 7, 0, 1, 2, 3.
    V s[8];
    s[4] = T::add(nonce, T::set1(p.a4));
    s[5] = T::set1(p.s[0]);
    s[6] = T::set1(p.s[1]);
    s[7] = T::set1(p.s[2]);
    s[0] = T::add(nonce, T::set1(p.e4));
    s[1] = T::set1(p.s[4]);
    s[2] = T::set1(p.s[5]);
    s[3] = T::set1(p.s[6]);
    round<4>(s, T::set1(otedama::sha256::K[4] + 0x80000000));
    [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
      (round<5 + I>(s, k(5 + I)), ...);
    }(std::make_integer_sequence<int, 10>{});
    round<15>(s, T::set1(otedama::sha256::K[15] + 640));
    [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
      (round<16 + I>(s, kw[16 + I]), ...);
    }(std::make_integer_sequence<int, 48>{});
    for (int i = 0; i < 8; i++) digest[i] = T::add(s[i], T::set1(midstate[i]));
  }

  // The last word of the second hash: e after round 60, which rounds 61 … 63 only carry to h's place.
  static OTEDAMA_INLINE V second_hash_last_word(const V (&digest)[8]) {
    using otedama::sha256::INITIAL_STATE;
    V w[16], s[8];
    for (int i = 0; i < 8; i++) {
      w[i] = digest[i];
      s[i] = T::set1(INITIAL_STATE[static_cast<size_t>(i)]);
    }
    // The padding behind a 32-byte message: word 8 and the length in word 15.
    constexpr uint32_t W8 = 0x80000000, W15 = 256;
    [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
      (round<I>(s, T::add(w[I], k(I))), ...);
    }(std::make_integer_sequence<int, 8>{});
    round<8>(s, T::set1(otedama::sha256::K[8] + W8));
    [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
      (round<9 + I>(s, k(9 + I)), ...);
    }(std::make_integer_sequence<int, 6>{});
    round<15>(s, T::set1(otedama::sha256::K[15] + W15));
    // Words 16 … 31 while words 8 … 15 are still constants.
    w[0] = T::add(w[0], L::schedule0(w[1]));
    w[1] = T::add(T::add(w[1], L::schedule0(w[2])), T::set1(small1(W15)));
    w[2] = T::add(T::add(w[2], L::schedule0(w[3])), L::schedule1(w[0]));
    w[3] = T::add(T::add(w[3], L::schedule0(w[4])), L::schedule1(w[1]));
    w[4] = T::add(T::add(w[4], L::schedule0(w[5])), L::schedule1(w[2]));
    w[5] = T::add(T::add(w[5], L::schedule0(w[6])), L::schedule1(w[3]));
    w[6] = T::add(T::add(T::add(w[6], L::schedule0(w[7])), L::schedule1(w[4])), T::set1(W15));
    w[7] = T::add(T::add(T::add(w[7], w[0]), L::schedule1(w[5])), T::set1(small0(W8)));
    w[8] = T::add(T::add(w[1], L::schedule1(w[6])), T::set1(W8));
    w[9] = T::add(w[2], L::schedule1(w[7]));
    w[10] = T::add(w[3], L::schedule1(w[8]));
    w[11] = T::add(w[4], L::schedule1(w[9]));
    w[12] = T::add(w[5], L::schedule1(w[10]));
    w[13] = T::add(w[6], L::schedule1(w[11]));
    w[14] = T::add(T::add(w[7], L::schedule1(w[12])), T::set1(small0(W15)));
    w[15] = T::add(T::add(T::add(w[8], L::schedule1(w[13])), L::schedule0(w[0])), T::set1(W15));
    [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
      (round<16 + I>(s, T::add(w[I], k(16 + I))), ...);
    }(std::make_integer_sequence<int, 16>{});
    [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
      (round<32 + I>(s, T::add(extend<32 + I>(w), k(32 + I))), ...);
    }(std::make_integer_sequence<int, 29>{});
    // After round 60, e stands where round 61 would look for it.
    return T::add(s[((64 - 61) + 4) & 7], T::set1(INITIAL_STATE[7]));
  }

  static OTEDAMA_INLINE otedama::sha256::ScanResult scan(const otedama::sha256::ScanJob& job, uint32_t first, uint32_t count,
                                                         otedama::sha256::ScanHit* hits, uint32_t hits_max) {
    Prepared prepared[otedama::sha256::SCAN_VERSIONS_MAX];
    for (uint32_t v = 0; v < job.versions; v++) prepared[v] = prepare(job.midstate[v], job.tail);
    const V bound = T::set1(job.bound);
    uint32_t found = 0, scanned = 0;
    for (; scanned < count && found + T::LANES * job.versions <= hits_max; scanned += T::LANES) {
      // The header holds the nonce little-endian; the hash reads words big-endian.
      const V nonce = T::swap_bytes(T::add(T::set1(first + scanned), T::count_up()));
      V kw[64];
      header_schedule(job.tail, nonce, kw);
      for (uint32_t v = 0; v < job.versions; v++) {
        V digest[8];
        first_hash(prepared[v], job.midstate[v], nonce, kw, digest);
        uint32_t lanes = T::at_most(T::swap_bytes(second_hash_last_word(digest)), bound);
        for (; lanes != 0; lanes &= lanes - 1) hits[found++] = {first + scanned + static_cast<uint32_t>(__builtin_ctz(lanes)), v};
      }
    }
    return {scanned, found};
  }
};

}  // namespace
