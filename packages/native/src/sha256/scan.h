// The mining search: double SHA-256 of one block header over many nonces.
//
// What can be is computed once for each header and not for each nonce. The first 64 bytes are a midstate. Of the second block only
// the fourth word (the nonce) changes, so its first three rounds and the constant parts of its schedule are fixed. Where the pool
// allows version rolling (BIP 310), several versions of one header share their second block: its whole schedule is computed once
// for up to four midstates. Of the second hash only the last word is needed to turn nearly every nonce away, so its last three
// rounds are never run.
#pragma once

#include <cstddef>
#include <cstdint>

namespace otedama::sha256 {

inline constexpr uint32_t SCAN_VERSIONS_MAX = 4;
// Nonces are taken in groups of at most this many.
inline constexpr uint32_t SCAN_LANES_MAX = 16;

struct ScanJob {
  // Midstates in use, 1 … SCAN_VERSIONS_MAX: of the same header with other version bits.
  uint32_t versions;
  uint32_t midstate[SCAN_VERSIONS_MAX][8];
  // Header bytes 64 … 75 as big-endian words: the end of the Merkle root, the time, the bits.
  uint32_t tail[3];
  // A nonce is a hit when the most significant 32 bits of its hash are not above this.
  uint32_t bound;
};

struct ScanHit {
  // As it stands in the header, read as a little-endian number.
  uint32_t nonce;
  uint32_t version;
};

struct ScanResult {
  // Nonces looked at, each with all versions; less than asked for only when the hits were full.
  uint32_t scanned;
  uint32_t hits;
};

// Looks at `count` nonces from `first` on (both multiples of SCAN_LANES_MAX; the range must not wrap).
using Scan = ScanResult (*)(const ScanJob& job, uint32_t first, uint32_t count, ScanHit* hits, uint32_t hits_max);

struct ScanKernel {
  // As operators see it: `sha256d/avx512`.
  const char* name;
  // Bits of cpu_features.h it needs.
  uint32_t features;
  uint32_t lanes;
  Scan scan;
};

// All kernels of this build, the portable one last.
const ScanKernel* scan_kernels(size_t& count);
// Hashes a second of one thread, measured once for each kernel the CPU can run (a few milliseconds each); 0 when it cannot.
double scan_rate(const ScanKernel& kernel);
// The fastest of those that are active now.
const ScanKernel& fastest_scan_kernel();

}  // namespace otedama::sha256
