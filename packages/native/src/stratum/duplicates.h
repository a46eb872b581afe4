// The accepted shares of one job, keyed by the hash of their header: two spellings of one share are one share. All loops share the
// set (a resumed session may land on another loop), in shards so that they hardly ever meet.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace otedama::stratum {

// Memory of the sets of all live jobs: some 32 million shares, which take 13 to 27 bytes each. Beyond it the oldest jobs are dropped.
inline constexpr uint64_t DUPLICATE_BYTES_MAX = 512 << 20;

class Duplicates {
 public:
  // `bytes_of_all` counts the memory of all sets together.
  explicit Duplicates(std::atomic<uint64_t>& bytes_of_all) : bytes_of_all_(bytes_of_all) {}
  Duplicates(const Duplicates&) = delete;
  Duplicates& operator=(const Duplicates&) = delete;
  ~Duplicates();

  // False where the hash was there already. 64 bits of a SHA-256d hash tell a billion shares apart with a chance of 3 in 10¹¹ a share
  // of calling an honest one a duplicate.
  bool insert(const uint8_t hash[32]) { return insert_key(key_of(hash)); }

  // Brings the place where a hash will be looked for into the cache: in a large set that is the whole cost of an insertion, and a batch
  // can wait for all of its places at once.
  void prefetch(const uint8_t hash[32]) const;

  // The keys themselves, for handing the set to another process.
  bool insert_key(uint64_t key);
  std::vector<uint64_t> keys();

 private:
  struct Free {
    Free() : mapped_bytes(0) {}
    explicit Free(size_t mapped_bytes) : mapped_bytes(mapped_bytes) {}
    // 0 for what was allocated.
    size_t mapped_bytes;
    void operator()(uint64_t* slots) const;
  };
  using Slots = std::unique_ptr<uint64_t[], Free>;

  struct alignas(64) Shard {
    std::mutex mutex;
    Slots slots;
    // Of `slots`, for those who look without the lock.
    std::atomic<const uint64_t*> seen{nullptr};
    // Number of slots less one.
    std::atomic<size_t> mask{0};
    size_t used = 0;
    bool has_zero = false;
  };

  static Slots zeroed_slots(size_t count);
  static uint64_t key_of(const uint8_t hash[32]);
  // The lowest bits choose the shard.
  static size_t place_of(uint64_t key, size_t mask) { return key >> 8 & mask; }
  static bool place(uint64_t* slots, size_t mask, uint64_t key);
  void grow(Shard& shard);

  static constexpr size_t SHARDS = 16;
  static constexpr size_t SLOTS_MIN = 64;

  std::array<Shard, SHARDS> shards_;
  std::atomic<uint64_t>& bytes_of_all_;
};

}  // namespace otedama::stratum
