// Accepted shares that wait for the log, in its order. Those of one connection that came and were logged together are one entry, with
// their ids behind each other: a full pipeline of answers takes a few bytes each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stratum/queue.h"

namespace otedama::stratum {

class AnswerQueue {
 public:
  struct Entry {
    // Of its last share.
    uint64_t sequence;
    int64_t read_ns;
    uint32_t slot;
    uint32_t generation;
    uint32_t count;
  };

  bool empty() const { return entries_.empty(); }
  const Entry& front() { return entries_.front(); }

  // What is pushed from now on shares no entry with what was pushed before: the log may keep the one and lose the other.
  void begin_batch() { joins_ = false; }

  void push(const Entry& share, std::string_view id) {
    if (joins_ && entries_.back().slot == share.slot && entries_.back().generation == share.generation && entries_.back().read_ns == share.read_ns) {
      entries_.back().sequence = share.sequence;
      entries_.back().count++;
    } else {
      entries_.push() = share;
      entries_.back().count = 1;
    }
    joins_ = true;
    ids_ += static_cast<char>(id.size());
    ids_ += id;
  }

  // Takes the first entry out, calling `each` with its shares' ids in order.
  template <typename Each>
  void pop(Each each) {
    for (uint32_t left = entries_.front().count; left > 0; left--) {
      const auto size = static_cast<uint8_t>(ids_[ids_at_]);
      each(std::string_view(ids_).substr(ids_at_ + 1, size));
      ids_at_ += 1 + size;
    }
    entries_.pop();
    joins_ = joins_ && !entries_.empty();
    if (entries_.empty()) {
      // A burst's memory is not kept.
      if (ids_.capacity() > IDS_KEPT) std::string().swap(ids_);
      ids_.clear();
      ids_at_ = 0;
    } else if (ids_at_ > ids_.size() / 2 && ids_at_ > IDS_KEPT / 2) {
      ids_.erase(0, ids_at_);
      ids_at_ = 0;
    }
  }

 private:
  static constexpr size_t IDS_KEPT = 1 << 20;

  Queue<Entry> entries_;
  std::string ids_;
  // Where the first entry's ids begin.
  size_t ids_at_ = 0;
  bool joins_ = false;
};

}  // namespace otedama::stratum
