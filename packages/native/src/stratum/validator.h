// Hashes all submits of one wake-up together: coinbases from cached midstates, Merkle branches, then headers.
#pragma once

#include <cstdint>
#include <vector>

#include "stratum/job.h"
#include "stratum/options.h"

namespace otedama::stratum {

// The work a submit claims, decoded.
struct Work {
  const Job* job;
  uint8_t extranonce1[EXTRANONCE1_BYTES];
  uint8_t extranonce2[EXTRANONCE2_BYTES];
  uint32_t version;
  uint32_t ntime;
  uint32_t nonce;
};

class Validator {
 public:
  Validator();

  // Builds the 80-byte headers of all works and their hashes (wire order). Both stay valid until the next call.
  void hash(const Work* works, size_t count);
  const uint8_t* header(size_t i) const { return headers_.data() + 80 * i; }
  const uint8_t* digest(size_t i) const { return digests_.data() + 32 * i; }

  static std::vector<uint8_t> coinbase_of(const Work& work);

 private:
  // Direct-mapped, by (job number, extranonce1, extranonce2); no job has number 0. A cache line each.
  struct alignas(64) Root {
    uint32_t job_number = 0;
    // 1 + index into this call's missing roots while it is being computed.
    uint32_t missing = 0;
    uint8_t extranonces[EXTRANONCE1_BYTES + EXTRANONCE2_BYTES] = {};
    uint8_t root[32] = {};
  };
  // Direct-mapped, by (job number, extranonce1): the state after the last whole block that ends inside extranonce1.
  struct alignas(64) Midstate {
    uint32_t job_number = 0;
    uint8_t extranonce1[EXTRANONCE1_BYTES] = {};
    sha256::State state = {};
    uint64_t used_in_call = 0;
  };
  static_assert(sizeof(Root) == 64 && sizeof(Midstate) == 64);

  // Small enough to leave the other things of a wake-up in the cache.
  static constexpr size_t ROOTS = 1024;
  static constexpr size_t MIDSTATES = 2048;
  static constexpr size_t TAIL_BYTES_MAX = 2 * sha256::BLOCK_BYTES;

  void compute_roots(const Work* works);
  const sha256::State* first_block_done(const sha256::MessageTemplate& coinbase, const Work& work, const uint8_t* tail);
  void climb(const Work* works);

  uint64_t call_ = 0;
  std::vector<Root> roots_;
  std::vector<Midstate> midstates_;
  // Works whose root is not cached, and per work where its root comes from.
  std::vector<uint32_t> missing_;
  std::vector<Root*> sources_;
  std::vector<uint32_t> from_missing_;
  std::vector<uint8_t> tails_;
  std::vector<sha256::Remainder> remainders_;
  std::vector<uint8_t> nodes_;
  std::vector<uint8_t> packed_;
  std::vector<uint32_t> members_;
  std::vector<bool> climbed_;
  std::vector<uint8_t> headers_;
  std::vector<uint8_t> digests_;
};

}  // namespace otedama::stratum
