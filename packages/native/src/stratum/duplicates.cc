#include "stratum/duplicates.h"

#include <stdexcept>

namespace otedama::stratum {

Duplicates::Duplicates(DuplicateMemory& memory) : memory_(memory) {}

void Duplicates::insert(const uint64_t* keys, size_t count, bool* is_new) {
  std::lock_guard guard(mutex_);
  if (directory_.empty()) directory_.assign(size_t{1} << depth_, new_leaf(0));
  for (size_t i = 0; i < count; i++) {
    const uint64_t place = place_of(keys[i]);
    __builtin_prefetch(leaf_of(place)->lines[line_of(place)], 1);
  }
  for (size_t i = 0; i < count; i++) is_new[i] = insert_one(keys[i]);
}

bool Duplicates::insert_one(uint64_t key) {
  if (key == 0) {
    if (has_zero_) return false;
    return has_zero_ = true;
  }
  const uint64_t place = place_of(key);
  for (;;) {
    const Put done = put(*leaf_of(place), place, key, FULL_LINES_MAX);
    if (done != Put::full) return done == Put::added;
    split(place);
  }
}

// A line's slots are all looked at, without asking after each: which one is the last is anybody's guess, also the processor's.
Duplicates::Put Duplicates::put(Leaf& leaf, uint64_t place, uint64_t key, size_t full_lines_max) {
  size_t full_lines = 0;
  for (size_t line = line_of(place);; line = line + 1 == LINES ? 0 : line + 1) {
    uint64_t* slots = leaf.lines[line];
    bool found = false;
    size_t taken = 0;
    for (size_t i = 0; i < LINE_SLOTS; i++) {
      found |= slots[i] == key;
      taken += slots[i] != 0;
    }
    if (found) return Put::known;
    if (taken < LINE_SLOTS) {
      slots[taken] = key;
      return Put::added;
    }
    if (++full_lines == full_lines_max) return Put::full;
  }
}

Duplicates::Leaf* Duplicates::new_leaf(uint32_t depth) {
  if (slab_used_ == DuplicateMemory::SLAB_BYTES) {
    slabs_.push_back(nullptr);
    slabs_.back() = memory_.take();
    slab_used_ = 0;
  }
  auto* leaf = reinterpret_cast<Leaf*>(slabs_.back() + slab_used_);
  slab_used_ += sizeof(Leaf);
  std::memset(leaf, 0, sizeof *leaf);
  leaf->depth = depth;
  return leaf;
}

// Half of the keys of the leaf that this place belongs to, those whose next bit is set, go to a new one.
void Duplicates::split(uint64_t place) {
  if (leaf_of(place)->depth == depth_) {
    if (depth_ == DEPTH_MAX) throw std::length_error("the set of a job's shares cannot grow any more");
    std::vector<Leaf*> wider(directory_.size() * 2);
    for (size_t i = 0; i < wider.size(); i++) wider[i] = directory_[i / 2];
    directory_.swap(wider);
    depth_++;
  }
  Leaf& low = *leaf_of(place);
  const Leaf before = low;
  const uint32_t depth = before.depth + 1;
  Leaf& high = *new_leaf(depth);
  std::memset(&low, 0, sizeof low);
  low.depth = depth;
  for (const auto& line : before.lines) {
    for (const uint64_t key : line) {
      if (key == 0) break;
      const uint64_t at = place_of(key);
      put(at >> (64 - depth) & 1 ? high : low, at, key, LINES);
    }
  }
  // The entries of the old leaf lie in a row; the second half of them is now the new one's.
  const size_t entries = size_t{1} << (depth_ - before.depth);
  const size_t first = static_cast<size_t>(place >> (64 - depth_)) & ~(entries - 1);
  for (size_t i = first + entries / 2; i < first + entries; i++) directory_[i] = &high;
}

std::vector<uint64_t> Duplicates::keys() {
  std::lock_guard guard(mutex_);
  std::vector<uint64_t> keys;
  if (has_zero_) keys.push_back(0);
  for (size_t i = 0; i < directory_.size(); i++) {
    const Leaf& leaf = *directory_[i];
    if (i > 0 && directory_[i - 1] == &leaf) continue;
    for (const auto& line : leaf.lines) {
      for (const uint64_t key : line) {
        if (key != 0) keys.push_back(key);
      }
    }
  }
  return keys;
}

}  // namespace otedama::stratum
