// A Stratum job as the mining threads need it: any header of its work, ready for the search.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sha256/scan.h"
#include "sha256/sha256.h"

namespace otedama::miner {

using Bytes32 = std::array<uint8_t, 32>;

struct Job {
  // The pool's own name for the work, carried back with each share.
  std::string job_id;
  // Wire order, as hashed.
  Bytes32 prev_hash;
  // Coinbase before extranonce2 (extranonce1 included) and behind it.
  std::vector<uint8_t> coinbase_head;
  std::vector<uint8_t> coinbase_tail;
  uint32_t extranonce2_bytes;
  std::vector<Bytes32> merkle_branches;
  uint32_t version;
  // Version bits the pool lets us roll; 0 for none.
  uint32_t version_mask;
  uint32_t nbits;
  uint32_t ntime;
  // Little-endian 256 bits, as the digest's bytes read.
  Bytes32 share_target;
};

struct Share {
  std::string job_id;
  std::vector<uint8_t> extranonce2;
  uint32_t ntime;
  uint32_t nonce;
  // Rolled bits inside the mask.
  uint32_t version_bits;
  bool version_rolled;
  std::array<uint8_t, 80> header;
  Bytes32 hash;
};

// One coinbase's worth of work: the header for each rolled version, and the search over it.
struct Work {
  std::vector<uint8_t> extranonce2;
  uint32_t ntime;
  std::array<std::array<uint8_t, 80>, sha256::SCAN_VERSIONS_MAX> headers;
  sha256::ScanJob scan;
};

// How many values extranonce2 can take, capped at 2^63.
uint64_t extranonce2_space(const Job& job);

// The work for one value of extranonce2 (little-endian in its bytes) and of the time.
Work make_work(const Job& job, uint64_t extranonce2, uint32_t ntime);

// Whether a digest, as a little-endian number, is not above a target.
bool meets(const Bytes32& hash, const Bytes32& target);

// Spreads the bits of `index` over the set bits of `mask`, lowest first.
uint32_t deposit_bits(uint32_t index, uint32_t mask);

}  // namespace otedama::miner
