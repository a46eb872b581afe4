#include "miner/job.h"

#include <cstring>

namespace otedama::miner {
namespace {

void store_le32(uint8_t* p, uint32_t v) {
  for (int i = 0; i < 4; i++) p[i] = static_cast<uint8_t>(v >> (8 * i));
}

// Up to four, and no more than the mask's bits can tell apart.
uint32_t versions_of(uint32_t mask) {
  const int bits = __builtin_popcount(mask);
  return bits == 0 ? 1 : bits == 1 ? 2 : sha256::SCAN_VERSIONS_MAX;
}

Bytes32 merkle_root(const Job& job, const std::vector<uint8_t>& extranonce2) {
  sha256::Hasher hasher;
  hasher.update(job.coinbase_head.data(), job.coinbase_head.size());
  hasher.update(extranonce2.data(), extranonce2.size());
  hasher.update(job.coinbase_tail.data(), job.coinbase_tail.size());
  uint8_t pair[64];
  hasher.finish(pair);
  sha256::sha256(pair, 32, pair);
  for (const Bytes32& branch : job.merkle_branches) {
    std::memcpy(pair + 32, branch.data(), 32);
    uint8_t node[32];
    sha256::sha256d(pair, 64, node);
    std::memcpy(pair, node, 32);
  }
  Bytes32 root;
  std::memcpy(root.data(), pair, 32);
  return root;
}

}  // namespace

uint64_t extranonce2_space(const Job& job) {
  return job.extranonce2_bytes >= 8 ? uint64_t{1} << 63 : uint64_t{1} << (8 * job.extranonce2_bytes);
}

uint32_t deposit_bits(uint32_t index, uint32_t mask) {
  uint32_t bits = 0;
  for (; mask != 0; mask &= mask - 1, index >>= 1) {
    if (index & 1) bits |= mask & (~mask + 1);
  }
  return bits;
}

Work make_work(const Job& job, uint64_t extranonce2, uint32_t ntime) {
  Work work;
  work.ntime = ntime;
  work.extranonce2.resize(job.extranonce2_bytes);
  for (size_t i = 0; i < work.extranonce2.size() && i < 8; i++) work.extranonce2[i] = static_cast<uint8_t>(extranonce2 >> (8 * i));
  const Bytes32 root = merkle_root(job, work.extranonce2);
  work.scan.versions = versions_of(job.version_mask);
  for (uint32_t v = 0; v < work.scan.versions; v++) {
    uint8_t* header = work.headers[v].data();
    store_le32(header, job.version ^ deposit_bits(v, job.version_mask));
    std::memcpy(header + 4, job.prev_hash.data(), 32);
    std::memcpy(header + 36, root.data(), 32);
    store_le32(header + 68, ntime);
    store_le32(header + 72, job.nbits);
    store_le32(header + 76, 0);
    sha256::State midstate = sha256::INITIAL_STATE;
    sha256::compress(midstate, header, 1);
    std::memcpy(work.scan.midstate[v], midstate.data(), sizeof midstate);
  }
  for (int i = 0; i < 3; i++) work.scan.tail[i] = sha256::load_be32(work.headers[0].data() + 64 + 4 * i);
  work.scan.bound = 0;
  for (int i = 31; i >= 28; i--) work.scan.bound = work.scan.bound << 8 | job.share_target[static_cast<size_t>(i)];
  return work;
}

bool meets(const Bytes32& hash, const Bytes32& target) {
  for (size_t i = 32; i-- > 0;) {
    if (hash[i] != target[i]) return hash[i] < target[i];
  }
  return true;
}

}  // namespace otedama::miner
