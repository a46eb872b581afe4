// The accepted shares of one job, keyed by the hash of their header: two spellings of one share are one share. All loops share the set,
// as a resumed session may land on another loop.
//
// Extendible hashing: a directory of leaves, of which a full one is split in two. The set grows by a page at a time, so no share waits
// until all others have moved, and never holds more than twice what it needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <vector>

#include "stratum/duplicate_memory.h"

namespace otedama::stratum {

class Duplicates {
 public:
  explicit Duplicates(DuplicateMemory& memory);
  Duplicates(const Duplicates&) = delete;
  Duplicates& operator=(const Duplicates&) = delete;
  ~Duplicates() { memory_.give_back(slabs_); }

  // The low-order bytes of a hash in wire order are the ones that no difficulty forces to zero. 64 bits of a SHA-256d hash tell a billion
  // shares apart with a chance of 3 in 10¹¹ a share of calling an honest one a duplicate.
  static uint64_t key_of(const uint8_t hash[32]) {
    uint64_t key;
    std::memcpy(&key, hash, sizeof key);
    return key;
  }

  // Adds the keys in their order; `is_new` says of each whether it was not there before. All at once: where they have to go is fetched
  // into the cache together, which in a large set is nearly the whole cost, and the lock is taken once.
  void insert(const uint64_t* keys, size_t count, bool* is_new);

  // For handing the set to another process.
  std::vector<uint64_t> keys();

 private:
  static constexpr size_t LINE_SLOTS = 8;
  static constexpr size_t LINES = 63;
  // A key that finds this many lines full makes its leaf be split.
  static constexpr size_t FULL_LINES_MAX = 3;
  // Far beyond what the memory bound lets a set become.
  static constexpr uint32_t DEPTH_MAX = 28;

  // A page: cache lines that are filled from left to right, 0 being free. What finds its line full goes to the next one. Nobody counts
  // the keys: that would be a second line to fetch.
  struct Leaf {
    // Leading bits of a place that all keys in here have in common.
    uint32_t depth;
    alignas(64) uint64_t lines[LINES][LINE_SLOTS];
  };
  static_assert(sizeof(Leaf) == 4096 && DuplicateMemory::SLAB_BYTES % sizeof(Leaf) == 0);

  // The product's high bits depend on all bits of the key.
  uint64_t place_of(uint64_t key) const { return key * memory_.key(); }
  static size_t line_of(uint64_t place) { return static_cast<size_t>(static_cast<uint32_t>(place >> 8) * uint64_t{LINES} >> 32); }
  Leaf*& leaf_of(uint64_t place) { return directory_[place >> (64 - depth_)]; }

  bool insert_one(uint64_t key);
  enum class Put { added, known, full };
  static Put put(Leaf& leaf, uint64_t place, uint64_t key, size_t full_lines_max);
  Leaf* new_leaf(uint32_t depth);
  void split(uint64_t place);

  DuplicateMemory& memory_;
  std::mutex mutex_;
  // Of 2^depth_ leaves; several entries in a row may be the same one.
  std::vector<Leaf*> directory_;
  uint32_t depth_ = 1;
  bool has_zero_ = false;
  std::vector<uint8_t*> slabs_;
  size_t slab_used_ = DuplicateMemory::SLAB_BYTES;
};

}  // namespace otedama::stratum
