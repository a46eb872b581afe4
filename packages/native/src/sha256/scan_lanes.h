// The search of scan.h over the lanes of a vector, one nonce a lane. See lanes.h for what T gives; here also swap_bytes(V),
// count_up() (the lane numbers) and at_most(V, V), a bit for each lane whose unsigned value is not above the bound.
#pragma once

#include "sha256/scan.h"
#include "sha256/streams.h"

namespace {

template <class T>
struct ScanLanes : Streams<T> {
  using V = typename T::V;
  using L = Sha256Lanes<T>;
  using S = Streams<T>;
  using S::DIGEST_W15;
  using S::DIGEST_W8;
  using S::digest_schedule;
  using S::finish_schedule;
  using S::ror32;
  using S::small0;
  using S::small1;
  using S::store_padding;

  // One midstate after what does not depend on the nonce.
  struct Prepared {
    // After round 2.
    uint32_t s[8];
    // Round 3 without its nonce: the new e and the new a.
    uint32_t e4, a4;
  };

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

  // Words 8 … 63 of the schedule of the header's second block for one vector of nonces, round constants added. Words 4 … 15 are
  // padding: 0x80000000, zeroes, and the header's length in bits.
  static OTEDAMA_INLINE void header_schedule(const uint32_t* tail, V nonce, V* kw) {
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
    finish_schedule(w, kw);
  }

  // What one stream of `hash` works on: a version of the header over one vector of nonces.
  struct Stream {
    const Prepared* prepared;
    const uint32_t* midstate;
    V nonce;
    // The header's schedule for these nonces, which versions share.
    const V* kw;
  };

  // Hashes N streams side by side: while one waits for a result, another has work for the execution units. `digest_kw` has room for
  // one schedule a stream. Leaves the hits of each, a bit for each lane.
  template <int N>
  static __attribute__((noinline)) void hash(const Stream (&streams)[N], V (*digest_kw)[64], V bound, uint32_t (&lanes)[N]) {
    using otedama::sha256::INITIAL_STATE;
    V s[N][8];
    const V *header_words[N], *digest_words[N];
#pragma GCC unroll 4
    for (int n = 0; n < N; n++) {
      // Places after round 3, in the rotating order of `round`: a at 4, then b, c, d, e, f, g, h at 5, 6, 7, 0, 1, 2, 3.
      const Prepared& p = *streams[n].prepared;
      s[n][4] = T::add(streams[n].nonce, T::set1(p.a4));
      s[n][5] = T::set1(p.s[0]);
      s[n][6] = T::set1(p.s[1]);
      s[n][7] = T::set1(p.s[2]);
      s[n][0] = T::add(streams[n].nonce, T::set1(p.e4));
      s[n][1] = T::set1(p.s[4]);
      s[n][2] = T::set1(p.s[5]);
      s[n][3] = T::set1(p.s[6]);
      header_words[n] = streams[n].kw;
      digest_words[n] = digest_kw[n];
    }
    S::template rounds<N, 4, 4>(s, header_words, 0);
    S::template loop_rounds<N>(s, header_words, 8, 64);
#pragma GCC unroll 4
    for (int n = 0; n < N; n++) {
#pragma GCC unroll 8
      for (int i = 0; i < 8; i++) s[n][i] = T::add(s[n][i], T::set1(streams[n].midstate[i]));
      digest_schedule(s[n], digest_kw[n]);
#pragma GCC unroll 8
      for (int i = 0; i < 8; i++) s[n][i] = T::set1(INITIAL_STATE[static_cast<size_t>(i)]);
    }
    S::template loop_rounds<N>(s, digest_words, 0, 56);
    // Of the last rounds only e after round 60 is needed: rounds 61 … 63 merely carry it to h's place.
    S::template rounds<N, 0, 5>(s, digest_words, 56);
#pragma GCC unroll 4
    for (int n = 0; n < N; n++) {
      const V last = T::add(s[n][((64 - 61) + 4) & 7], T::set1(INITIAL_STATE[7]));
      lanes[n] = T::at_most(T::swap_bytes(last), bound);
    }
  }

  // One search: what is fixed for its header, and the hits so far.
  struct Search {
    const otedama::sha256::ScanJob& job;
    V bound;
    Prepared prepared[otedama::sha256::SCAN_VERSIONS_MAX];
    // A schedule for each vector of nonces and for each digest in work.
    V kw[T::STREAMS][64];
    V digest_kw[T::STREAMS][64];
    otedama::sha256::ScanHit* hits;
    uint32_t found = 0;

    Search(const otedama::sha256::ScanJob& job, otedama::sha256::ScanHit* hits) : job(job), bound(T::set1(job.bound)), hits(hits) {
      for (uint32_t v = 0; v < job.versions; v++) prepared[v] = prepare(job.midstate[v], job.tail);
      for (int n = 0; n < T::STREAMS; n++) {
        for (int i = 4; i < 8; i++) kw[n][i] = T::set1(otedama::sha256::K[i] + (i == 4 ? 0x80000000 : 0));
        store_padding(0, 640, kw[n]);
        store_padding(DIGEST_W8, DIGEST_W15, digest_kw[n]);
      }
    }

    // The header holds the nonce little-endian; the hash reads words big-endian.
    OTEDAMA_INLINE V schedule(uint32_t first, int n) {
      const V nonce = T::swap_bytes(T::add(T::set1(first), T::count_up()));
      header_schedule(job.tail, nonce, kw[n]);
      return nonce;
    }

    OTEDAMA_INLINE Stream stream(uint32_t version, V nonce, int n) { return {&prepared[version], job.midstate[version], nonce, kw[n]}; }

    OTEDAMA_INLINE void note(uint32_t lanes, uint32_t first, uint32_t version) {
      for (; lanes != 0; lanes &= lanes - 1) hits[found++] = {first + static_cast<uint32_t>(__builtin_ctz(lanes)), version};
    }

    // One vector of nonces with all versions, two versions at a time where the kernel has two streams.
    OTEDAMA_INLINE void one_vector(uint32_t first) {
      const V nonce = schedule(first, 0);
      uint32_t v = 0;
      if constexpr (T::STREAMS == 2) {
        for (; v + 2 <= job.versions; v += 2) {
          uint32_t lanes[2];
          hash<2>({stream(v, nonce, 0), stream(v + 1, nonce, 0)}, digest_kw, bound, lanes);
          note(lanes[0], first, v);
          note(lanes[1], first, v + 1);
        }
      }
      for (; v < job.versions; v++) {
        uint32_t lanes[1];
        hash<1>({stream(v, nonce, 0)}, digest_kw, bound, lanes);
        note(lanes[0], first, v);
      }
    }

    // Two vectors of nonces with one version at a time: for a header whose version may not be rolled.
    OTEDAMA_INLINE void two_vectors(uint32_t first) {
      const V nonce[2] = {schedule(first, 0), schedule(first + T::LANES, 1)};
      for (uint32_t v = 0; v < job.versions; v++) {
        uint32_t lanes[2];
        hash<2>({stream(v, nonce[0], 0), stream(v, nonce[1], 1)}, digest_kw, bound, lanes);
        note(lanes[0], first, v);
        note(lanes[1], first + T::LANES, v);
      }
    }
  };

  static OTEDAMA_INLINE otedama::sha256::ScanResult scan(const otedama::sha256::ScanJob& job, uint32_t first, uint32_t count,
                                                         otedama::sha256::ScanHit* hits, uint32_t hits_max) {
    Search search(job, hits);
    uint32_t scanned = 0;
    const auto room_for = [&](uint32_t vectors) { return search.found + vectors * T::LANES * job.versions <= hits_max; };
    if constexpr (T::STREAMS == 2) {
      if (job.versions % 2 == 1) {
        for (; scanned + 2 * T::LANES <= count && room_for(2); scanned += 2 * T::LANES) search.two_vectors(first + scanned);
      }
    }
    for (; scanned < count && room_for(1); scanned += T::LANES) search.one_vector(first + scanned);
    return {scanned, search.found};
  }
};

}  // namespace
