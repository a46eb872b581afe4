#include "stratum/validator.h"

#include <algorithm>
#include <cstring>

namespace otedama::stratum {

namespace {

uint64_t mix(uint64_t value) {
  value *= 0x9e3779b97f4a7c15;
  return value ^ value >> 32;
}

uint64_t load64(const uint8_t* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, 8);
  return value;
}

uint32_t load32(const uint8_t* bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, 4);
  return value;
}

void store_le32(uint8_t* out, uint32_t value) {
  for (int i = 0; i < 4; i++) out[i] = static_cast<uint8_t>(value >> (8 * i));
}

}  // namespace

Validator::Validator() : roots_(ROOTS), midstates_(MIDSTATES) {}

void Validator::hash(const Work* works, size_t count) {
  call_++;
  missing_.clear();
  headers_.resize(count * 80);
  digests_.resize(count * 32);
  sources_.resize(count);
  from_missing_.resize(count);
  for (size_t i = 0; i < count; i++) {
    const Work& work = works[i];
    uint8_t extranonces[EXTRANONCE1_BYTES + EXTRANONCE2_BYTES];
    std::memcpy(extranonces, work.extranonce1, EXTRANONCE1_BYTES);
    std::memcpy(extranonces + EXTRANONCE1_BYTES, work.extranonce2, EXTRANONCE2_BYTES);
    const uint64_t at = mix(load64(work.extranonce2) ^ mix(load32(work.extranonce1 + 2) ^ mix(work.job->fields.number)));
    Root& root = roots_[at % ROOTS];
    const bool hit = root.job_number == work.job->fields.number && std::memcmp(root.extranonces, extranonces, sizeof extranonces) == 0;
    if (!hit) {
      root.job_number = work.job->fields.number;
      std::memcpy(root.extranonces, extranonces, sizeof extranonces);
      missing_.push_back(static_cast<uint32_t>(i));
      root.missing = static_cast<uint32_t>(missing_.size());
    }
    from_missing_[i] = root.missing;
    sources_[i] = &root;
    // Copied at once: a later work of this call may take the slot over.
    if (root.missing == 0) std::memcpy(headers_.data() + 80 * i + 36, root.root, 32);
  }
  compute_roots(works);
  for (size_t i = 0; i < count; i++) {
    const Work& work = works[i];
    uint8_t* header = headers_.data() + 80 * i;
    store_le32(header, work.version);
    std::memcpy(header + 4, work.job->fields.prev_hash, 32);
    if (from_missing_[i] != 0) std::memcpy(header + 36, nodes_.data() + 32 * (from_missing_[i] - 1), 32);
    store_le32(header + 68, work.ntime);
    store_le32(header + 72, work.job->fields.nbits);
    store_le32(header + 76, work.nonce);
  }
  sha256::sha256d_many_80(headers_.data(), digests_.data(), count);
}

// All coinbases together, then all climbs.
void Validator::compute_roots(const Work* works) {
  const size_t count = missing_.size();
  if (count == 0) return;
  remainders_.resize(count);
  nodes_.resize(count * 32);
  // The extranonces lie in two blocks at most.
  tails_.resize(count * TAIL_BYTES_MAX);
  for (size_t k = 0; k < count; k++) {
    const Work& work = works[missing_[k]];
    const sha256::MessageTemplate& coinbase = work.job->coinbase;
    uint8_t* tail = tails_.data() + TAIL_BYTES_MAX * k;
    const size_t length = coinbase.varying().size();
    std::memcpy(tail, coinbase.varying().data(), sha256::BLOCK_BYTES);
    if (length > sha256::BLOCK_BYTES) std::memcpy(tail + sha256::BLOCK_BYTES, coinbase.varying().data() + sha256::BLOCK_BYTES, sha256::BLOCK_BYTES);
    std::memcpy(tail + coinbase.hole_at(), work.extranonce1, EXTRANONCE1_BYTES);
    std::memcpy(tail + coinbase.hole_at() + EXTRANONCE1_BYTES, work.extranonce2, EXTRANONCE2_BYTES);
    const sha256::State* state = first_block_done(coinbase, work, tail);
    remainders_[k] = state ? coinbase.remainder(state, tail + sha256::BLOCK_BYTES, length - sha256::BLOCK_BYTES)
                           : coinbase.remainder(&coinbase.before(), tail, length);
  }
  sha256::sha256d_from_midstate_many(remainders_.data(), nodes_.data(), count);
  climb(works);
  for (size_t k = 0; k < count; k++) {
    Root& root = *sources_[missing_[k]];
    if (root.missing == k + 1) {
      std::memcpy(root.root, nodes_.data() + 32 * k, 32);
      root.missing = 0;
    }
  }
}

// The state behind the first of the varying blocks where that ends inside extranonce1 and is cached, or can be; else null.
const sha256::State* Validator::first_block_done(const sha256::MessageTemplate& coinbase, const Work& work, const uint8_t* tail) {
  if (coinbase.hole_at() + EXTRANONCE1_BYTES < sha256::BLOCK_BYTES) return nullptr;
  const uint32_t job_number = work.job->fields.number;
  Midstate& midstate = midstates_[mix(load32(work.extranonce1 + 2) ^ mix(job_number)) % MIDSTATES];
  if (midstate.job_number != job_number || std::memcmp(midstate.extranonce1, work.extranonce1, EXTRANONCE1_BYTES) != 0) {
    // A slot that an earlier work of this call points to must keep its state: that one is computed without the cache.
    if (midstate.used_in_call == call_) return nullptr;
    midstate.job_number = job_number;
    std::memcpy(midstate.extranonce1, work.extranonce1, EXTRANONCE1_BYTES);
    midstate.state = coinbase.before();
    sha256::compress(midstate.state, tail, 1);
  }
  midstate.used_in_call = call_;
  return &midstate.state;
}

// Works of one job climb the same branches, together. Nearly always that is all of them; else each job's are brought together first.
void Validator::climb(const Work* works) {
  const size_t count = missing_.size();
  climbed_.assign(count, false);
  for (size_t first = 0; first < count; first++) {
    if (climbed_[first]) continue;
    const Job* job = works[missing_[first]].job;
    members_.clear();
    for (size_t k = first; k < count; k++) {
      if (works[missing_[k]].job != job) continue;
      climbed_[k] = true;
      members_.push_back(static_cast<uint32_t>(k));
    }
    const uint8_t* branches = job->fields.merkle_branches.data();
    if (members_.size() == count) return sha256::merkle_climb_many(nodes_.data(), count, branches, job->branch_count);
    packed_.resize(members_.size() * 32);
    for (size_t n = 0; n < members_.size(); n++) std::memcpy(packed_.data() + 32 * n, nodes_.data() + 32 * size_t{members_[n]}, 32);
    sha256::merkle_climb_many(packed_.data(), members_.size(), branches, job->branch_count);
    for (size_t n = 0; n < members_.size(); n++) std::memcpy(nodes_.data() + 32 * size_t{members_[n]}, packed_.data() + 32 * n, 32);
  }
}

std::vector<uint8_t> Validator::coinbase_of(const Work& work) {
  const JobFields& job = work.job->fields;
  std::vector<uint8_t> coinbase(job.coinbase_prefix);
  coinbase.insert(coinbase.end(), work.extranonce1, work.extranonce1 + EXTRANONCE1_BYTES);
  coinbase.insert(coinbase.end(), work.extranonce2, work.extranonce2 + EXTRANONCE2_BYTES);
  coinbase.insert(coinbase.end(), job.coinbase_suffix.begin(), job.coinbase_suffix.end());
  return coinbase;
}

}  // namespace otedama::stratum
