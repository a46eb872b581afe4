#include "stratum/duplicates.h"

#include <cstring>

namespace otedama::stratum {

bool Duplicates::place(std::vector<uint64_t>& slots, uint64_t key) {
  const size_t mask = slots.size() - 1;
  for (size_t i = key >> 8 & mask;; i = (i + 1) & mask) {
    if (slots[i] == key) return false;
    if (slots[i] == 0) {
      slots[i] = key;
      return true;
    }
  }
}

bool Duplicates::insert(const uint8_t hash[32]) {
  // The low-order bytes of a hash in wire order are the ones that no difficulty forces to zero.
  uint64_t key;
  std::memcpy(&key, hash, 8);
  return insert_key(key);
}

bool Duplicates::insert_key(uint64_t key) {
  Shard& shard = shards_[key % SHARDS];
  std::lock_guard guard(shard.mutex);
  if (key == 0) {
    if (shard.has_zero) return false;
    shard.has_zero = true;
  } else {
    if (shard.slots.empty()) shard.slots.resize(SLOTS_MIN);
    if (shard.used * 5 >= shard.slots.size() * 3) {
      std::vector<uint64_t> larger(shard.slots.size() * 2);
      for (const uint64_t old : shard.slots) {
        if (old != 0) place(larger, old);
      }
      shard.slots.swap(larger);
    }
    if (!place(shard.slots, key)) return false;
    shard.used++;
  }
  size_.fetch_add(1, std::memory_order_relaxed);
  total_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

std::vector<uint64_t> Duplicates::keys() {
  std::vector<uint64_t> keys;
  for (Shard& shard : shards_) {
    std::lock_guard guard(shard.mutex);
    if (shard.has_zero) keys.push_back(0);
    for (const uint64_t key : shard.slots) {
      if (key != 0) keys.push_back(key);
    }
  }
  return keys;
}

uint64_t Duplicates::size() const { return size_.load(std::memory_order_relaxed); }

}  // namespace otedama::stratum
