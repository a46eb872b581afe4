// One lane of plain C++.
#pragma once

#include "sha256/lanes.h"

namespace {

struct Portable {
  using V = uint32_t;
  static constexpr int STREAMS = 1;
  static constexpr int LANES = 1;

  static OTEDAMA_INLINE V set1(uint32_t x) { return x; }
  static OTEDAMA_INLINE V add(V a, V b) { return a + b; }
  static OTEDAMA_INLINE V xor3(V a, V b, V c) { return a ^ b ^ c; }
  template <int n>
  static OTEDAMA_INLINE V ror(V x) {
    return x >> n | x << (32 - n);
  }
  template <int n>
  static OTEDAMA_INLINE V shr(V x) {
    return x >> n;
  }
  static OTEDAMA_INLINE V ch(V e, V f, V g) { return g ^ (e & (f ^ g)); }
  static OTEDAMA_INLINE V maj(V a, V b, V c) { return (a & b) | (c & (a | b)); }
  static OTEDAMA_INLINE V swap_bytes(V x) { return __builtin_bswap32(x); }
  static OTEDAMA_INLINE V count_up() { return 0; }
  static OTEDAMA_INLINE uint32_t at_most(V x, V bound) { return x <= bound; }
};

}  // namespace
