#include "stratum/duplicates.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace otedama::stratum {

namespace {

// From this size on a table is worth large pages: it is looked into at random, and each small one would need a walk through the page
// tables. The kernel aligns mappings of this size so that they can have them.
constexpr size_t LARGE_BYTES = 2 << 20;

}  // namespace

Duplicates::~Duplicates() {
  for (const Shard& shard : shards_) {
    if (shard.slots) bytes_of_all_ -= (shard.mask.load() + 1) * sizeof(uint64_t);
  }
}

// The low-order bytes of a hash in wire order are the ones that no difficulty forces to zero.
uint64_t Duplicates::key_of(const uint8_t hash[32]) {
  uint64_t key;
  std::memcpy(&key, hash, 8);
  return key;
}

void Duplicates::prefetch(const uint8_t hash[32]) const {
  const uint64_t key = key_of(hash);
  const Shard& shard = shards_[key % SHARDS];
  // The two may be of different tables while another loop makes it grow: then the wrong place is fetched, and nothing else happens.
  if (const uint64_t* slots = shard.seen.load(std::memory_order_relaxed)) {
    __builtin_prefetch(slots + place_of(key, shard.mask.load(std::memory_order_relaxed)), 1);
  }
}

Duplicates::Slots Duplicates::zeroed_slots(size_t count) {
  const size_t bytes = count * sizeof(uint64_t);
  if (bytes < LARGE_BYTES) {
    Slots slots(static_cast<uint64_t*>(std::calloc(count, sizeof(uint64_t))), Free());
    if (!slots) throw std::bad_alloc();
    return slots;
  }
  void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  // A wish: nothing is lost where the system does not grant it.
  ::madvise(mapped, bytes, MADV_HUGEPAGE);
  return Slots(static_cast<uint64_t*>(mapped), Free(bytes));
}

void Duplicates::Free::operator()(uint64_t* slots) const {
  mapped_bytes > 0 ? static_cast<void>(::munmap(slots, mapped_bytes)) : std::free(slots);
}

bool Duplicates::place(uint64_t* slots, size_t mask, uint64_t key) {
  for (size_t i = place_of(key, mask);; i = (i + 1) & mask) {
    if (slots[i] == key) return false;
    if (slots[i] == 0) {
      slots[i] = key;
      return true;
    }
  }
}

void Duplicates::grow(Shard& shard) {
  const size_t before = shard.slots ? shard.mask.load(std::memory_order_relaxed) + 1 : 0;
  const size_t count = before == 0 ? SLOTS_MIN : before * 2;
  Slots larger = zeroed_slots(count);
  for (size_t i = 0; i < before; i++) {
    if (shard.slots[i] != 0) place(larger.get(), count - 1, shard.slots[i]);
  }
  shard.seen.store(larger.get(), std::memory_order_relaxed);
  shard.mask.store(count - 1, std::memory_order_relaxed);
  shard.slots = std::move(larger);
  bytes_of_all_ += (count - before) * sizeof(uint64_t);
}

bool Duplicates::insert_key(uint64_t key) {
  Shard& shard = shards_[key % SHARDS];
  std::lock_guard guard(shard.mutex);
  if (key == 0) {
    if (shard.has_zero) return false;
    return shard.has_zero = true;
  }
  if (!shard.slots || shard.used * 5 >= (shard.mask.load(std::memory_order_relaxed) + 1) * 3) grow(shard);
  if (!place(shard.slots.get(), shard.mask.load(std::memory_order_relaxed), key)) return false;
  shard.used++;
  return true;
}

std::vector<uint64_t> Duplicates::keys() {
  std::vector<uint64_t> keys;
  for (Shard& shard : shards_) {
    std::lock_guard guard(shard.mutex);
    if (shard.has_zero) keys.push_back(0);
    for (size_t i = 0; shard.slots && i <= shard.mask.load(std::memory_order_relaxed); i++) {
      if (shard.slots[i] != 0) keys.push_back(shard.slots[i]);
    }
  }
  return keys;
}

}  // namespace otedama::stratum
