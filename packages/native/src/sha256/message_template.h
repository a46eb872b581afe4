// A message of which one stretch varies: what stands before it is hashed once, and of the blocks behind it the schedules are made once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sha256/sha256.h"

namespace otedama::sha256 {

class MessageTemplate {
 public:
  MessageTemplate(const uint8_t* prefix, size_t prefix_bytes, size_t hole_bytes, const uint8_t* suffix, size_t suffix_bytes);

  // The blocks that hold bytes of the hole; the state before them, and their bytes with zeroes in the hole.
  const State& before() const { return before_; }
  const std::vector<uint8_t>& varying() const { return varying_; }
  size_t hole_at() const { return hole_at_; }

  // The message whose varying blocks are at `blocks`, from the one on that `state` comes before.
  Remainder remainder(const State* state, const uint8_t* blocks, size_t bytes) const {
    return {state, blocks, bytes, total_bytes_, true, ending_.data(), ending_.size()};
  }

 private:
  State before_ = INITIAL_STATE;
  size_t hole_at_;
  uint64_t total_bytes_;
  std::vector<uint8_t> varying_;
  std::vector<Schedule> ending_;
};

}  // namespace otedama::sha256
