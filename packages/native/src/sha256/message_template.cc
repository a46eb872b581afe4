#include "sha256/message_template.h"

#include <algorithm>

namespace otedama::sha256 {

MessageTemplate::MessageTemplate(const uint8_t* prefix, size_t prefix_bytes, size_t hole_bytes, const uint8_t* suffix, size_t suffix_bytes)
    : hole_at_(prefix_bytes % BLOCK_BYTES), total_bytes_(prefix_bytes + hole_bytes + suffix_bytes) {
  const size_t whole = prefix_bytes - hole_at_;
  compress(before_, prefix, whole / BLOCK_BYTES);
  // The rest of the message, with its padding: a one, zeroes, and the length in bits.
  const size_t rest_bytes = static_cast<size_t>(total_bytes_) - whole;
  std::vector<uint8_t> rest((rest_bytes + 8) / BLOCK_BYTES * BLOCK_BYTES + BLOCK_BYTES);
  std::copy_n(prefix + whole, hole_at_, rest.begin());
  std::copy_n(suffix, suffix_bytes, rest.begin() + static_cast<ptrdiff_t>(hole_at_ + hole_bytes));
  rest[rest_bytes] = 0x80;
  for (size_t i = 0; i < 8; i++) rest[rest.size() - 1 - i] = static_cast<uint8_t>(total_bytes_ * 8 >> (8 * i));
  const size_t varying = (hole_at_ + hole_bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
  for (size_t at = varying; at < rest.size(); at += BLOCK_BYTES) ending_.push_back(schedule_of(rest.data() + at));
  rest.resize(varying);
  varying_ = std::move(rest);
}

}  // namespace otedama::sha256
