// Memory for the sets of accepted shares, in slabs that pass from a job that is over to the next one: memory that was used before costs
// nothing, while fresh pages have to be found and cleared by the system, and on a virtual machine by its host as well.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace otedama::stratum {

// Memory of the sets of all live jobs: 24 to 48 million shares. Beyond it the oldest jobs are dropped.
inline constexpr uint64_t DUPLICATE_BYTES_MAX = 512 << 20;

class DuplicateMemory {
 public:
  static constexpr size_t SLAB_BYTES = 64 << 10;

  // `key` is secret, so that nobody can aim shares at one place of a set.
  explicit DuplicateMemory(uint64_t key) : key_(key | 1) {}
  DuplicateMemory(const DuplicateMemory&) = delete;
  DuplicateMemory& operator=(const DuplicateMemory&) = delete;
  ~DuplicateMemory();

  // Holds whatever it held before. Throws std::bad_alloc.
  uint8_t* take();
  void give_back(const std::vector<uint8_t*>& slabs);

  uint64_t bytes_used() const { return bytes_used_.load(std::memory_order_relaxed); }
  uint64_t key() const { return key_; }

 private:
  // What is given back beyond this goes to the system.
  static constexpr size_t SPARE_SLABS_MAX = (64 << 20) / SLAB_BYTES;

  const uint64_t key_;
  std::atomic<uint64_t> bytes_used_{0};
  std::mutex mutex_;
  std::vector<uint8_t*> spare_;
};

}  // namespace otedama::stratum
