// Gives out the four engine bytes of extranonce1, and remembers sessions for a while so that a miner that comes back gets its own again.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace otedama::stratum {

// Shared by all loops; used on handshakes only.
class Extranonces {
 public:
  // `first` is random, so that numbers do not repeat over a restart.
  explicit Extranonces(uint32_t first) : next_(first) {}

  uint32_t take();
  // Keeps a number that a taken-over session brings along.
  void hold(uint32_t number);
  // The number rests until the tips that can name its jobs are gone. With a `token` its session may come back for it meanwhile.
  void release(uint32_t number, uint64_t token, uint32_t tip);
  std::optional<uint32_t> resume(uint32_t number, uint64_t token);
  // Where the counter stands, for handing it to another process.
  uint32_t next();
  void go_on_from(uint32_t next);
  // A new tip: what was released under older ones is free again.
  void advance(uint32_t tip);

 private:
  struct Held {
    // Of the rest it is in; 0 while a connection uses it.
    uint64_t ticket = 0;
    uint64_t token = 0;
  };
  struct Resting {
    uint32_t number;
    uint32_t tip;
    uint64_t ticket;
  };

  // Entries beyond which the longest resting number is freed early: the counter is four billion steps away from it.
  static constexpr size_t RESTING_MAX = 2'000'000;

  void free_oldest();

  std::mutex mutex_;
  uint32_t next_;
  uint64_t next_ticket_ = 1;
  std::unordered_map<uint32_t, Held> held_;
  // A resumed number stays queued under its old ticket and is passed over when its turn comes.
  std::deque<Resting> resting_;
};

}  // namespace otedama::stratum
