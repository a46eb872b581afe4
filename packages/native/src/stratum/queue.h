// A first-in, first-out queue of plain values in one piece of memory that is used again: nothing is allocated for what passes through.
#pragma once

#include <cstddef>
#include <type_traits>
#include <vector>

namespace otedama::stratum {

template <typename T>
class Queue {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  bool empty() const { return size_ == 0; }
  T& front() { return ring_[first_]; }
  T& back() { return ring_[(first_ + size_ - 1) & (ring_.size() - 1)]; }

  // A new last element, with whatever was in its place.
  T& push() {
    if (size_ == ring_.size()) grow();
    return ring_[(first_ + size_++) & (ring_.size() - 1)];
  }

  void pop() {
    first_ = (first_ + 1) & (ring_.size() - 1);
    size_--;
    // A burst's memory is not kept.
    if (size_ == 0 && ring_.size() > KEPT) *this = {};
  }

 private:
  static constexpr size_t SMALLEST = 64;
  static constexpr size_t KEPT = 16384;

  void grow() {
    std::vector<T> larger(ring_.empty() ? SMALLEST : 2 * ring_.size());
    for (size_t i = 0; i < size_; i++) larger[i] = ring_[(first_ + i) & (ring_.size() - 1)];
    ring_.swap(larger);
    first_ = 0;
  }

  // A power of two.
  std::vector<T> ring_;
  size_t first_ = 0;
  size_t size_ = 0;
};

}  // namespace otedama::stratum
