// The accepted shares of one job, keyed by the hash of their header: two spellings of one share are one share. All loops share the
// set (a resumed session may land on another loop), in shards so that they hardly ever meet.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace otedama::stratum {

// Entries over all live jobs, 8 bytes each at a load of 0.3 to 0.6.
inline constexpr uint64_t DUPLICATE_ENTRIES_MAX = 32'000'000;

class Duplicates {
 public:
  explicit Duplicates(std::atomic<uint64_t>& total) : total_(total) {}
  Duplicates(const Duplicates&) = delete;
  Duplicates& operator=(const Duplicates&) = delete;
  ~Duplicates() { total_ -= size(); }

  // False where the hash was there already. 64 bits of a SHA-256d hash tell a billion shares apart with a chance of 3 in 10¹¹ a share
  // of calling an honest one a duplicate.
  bool insert(const uint8_t hash[32]);

  // The keys themselves, for handing the set to another process.
  bool insert_key(uint64_t key);
  std::vector<uint64_t> keys();

  uint64_t size() const;

 private:
  struct alignas(64) Shard {
    std::mutex mutex;
    std::vector<uint64_t> slots;
    size_t used = 0;
    bool has_zero = false;
  };

  static bool place(std::vector<uint64_t>& slots, uint64_t key);

  static constexpr size_t SHARDS = 16;
  static constexpr size_t SLOTS_MIN = 64;

  std::array<Shard, SHARDS> shards_;
  std::atomic<uint64_t> size_{0};
  std::atomic<uint64_t>& total_;
};

}  // namespace otedama::stratum
