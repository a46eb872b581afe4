// Latencies in buckets of about 3 %, from 1 µs to an hour: percentiles without keeping every value.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace otedama::load {

class Latencies {
 public:
  void record(int64_t ns) {
    const auto us10 = static_cast<uint64_t>(ns < 0 ? 0 : ns) / 100;
    counts_[bucket_of(us10)]++;
    total_++;
  }

  uint64_t total() const { return total_; }

  // The upper edge, in milliseconds, of the bucket that holds the given share (0 … 1) of all values.
  double percentile_ms(double share) const {
    if (total_ == 0) return 0;
    const auto wanted = static_cast<uint64_t>(share * static_cast<double>(total_ - 1)) + 1;
    uint64_t seen = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
      seen += counts_[i];
      if (seen >= wanted) return static_cast<double>(edge_of(i)) / 10'000;
    }
    return 0;
  }

 private:
  // Values below 64 tenths of a microsecond each have a bucket; above, 32 to each doubling.
  static constexpr size_t BUCKETS = 32 * 32;

  static size_t bucket_of(uint64_t value) {
    if (value < 64) return value;
    const int shift = std::bit_width(value) - 6;
    const size_t bucket = 32 * static_cast<size_t>(shift) + (value >> shift);
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
  }
  static uint64_t edge_of(size_t bucket) {
    if (bucket < 64) return bucket + 1;
    const size_t shift = bucket / 32 - 1;
    return (bucket % 32 + 33) << shift;
  }

  std::array<uint64_t, BUCKETS> counts_{};
  uint64_t total_ = 0;
};

}  // namespace otedama::load
