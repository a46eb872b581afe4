// Deadlines of many connections at a coarse tick: adding is one push, and nothing is ever taken out before its time.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace otedama::stratum {

class TimerWheel {
 public:
  static constexpr int64_t TICK_MS = 250;

  explicit TimerWheel(int64_t now_ms) : tick_(now_ms / TICK_MS) {}

  // Deadlines further away than the wheel turns come up early: who asked looks at the clock and adds itself again.
  // `scheduled` is the tick the key already waits for, 0 where it waits for none: only an earlier one is added, and the later then
  // comes up for nothing, which `due` knows by the tick.
  void add(uint64_t key, int64_t deadline_ms, int64_t& scheduled) {
    const int64_t tick = std::clamp(deadline_ms / TICK_MS + 1, tick_ + 1, tick_ + static_cast<int64_t>(TICKS) - 1);
    if (scheduled != 0 && scheduled <= tick) return;
    scheduled = tick;
    slots_[static_cast<size_t>(tick) % TICKS].push_back(key);
  }

  // Calls `due(key, tick)` for everything whose time has come; it may add again.
  template <typename Due>
  void advance(int64_t now_ms, Due due) {
    for (const int64_t now = now_ms / TICK_MS; tick_ < now;) {
      tick_++;
      firing_.swap(slots_[static_cast<size_t>(tick_) % TICKS]);
      for (const uint64_t key : firing_) due(key, tick_);
      firing_.clear();
      if (firing_.capacity() > KEPT_CAPACITY) firing_ = {};
    }
  }

 private:
  static constexpr size_t TICKS = 512;
  static constexpr size_t KEPT_CAPACITY = 4096;

  int64_t tick_;
  std::array<std::vector<uint64_t>, TICKS> slots_;
  std::vector<uint64_t> firing_;
};

}  // namespace otedama::stratum
