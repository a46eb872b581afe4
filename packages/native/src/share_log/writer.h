// The share log's writer: one thread that takes what all loops have appended since its last turn, writes it with one call and
// syncs it with one more (group commit), then tells the loops how far the log is on disk.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "share_log/record.h"
#include "share_log/segment.h"

namespace otedama::share_log {

// Where answers do not wait for the disk: each sync holds a processor for some tenths of a millisecond, and shares that come then wait.
// So many milliseconds' shares may be lost in a crash.
inline constexpr int GATHER_FAST_MS = 100;

struct Options {
  std::string dir;
  std::string instance_id;
  uint64_t segment_bytes_max = 64 << 20;
  // Least milliseconds between two turns: 0 where answers wait for the disk.
  int gather_ms = 0;
};

struct Stats {
  uint64_t segment = 0;
  uint64_t bytes = 0;
  uint64_t records = 0;
  uint64_t syncs = 0;
  bool faulted = false;
};

class Writer {
 public:
  struct Listeners {
    // Records up to `sequence` are on disk, or will never be (`good` false). Called on the writer's thread.
    std::function<void(uint64_t sequence, bool good)> done;
    // The sentence of a fault, or null when it is over.
    std::function<void(const std::string* message)> fault;
  };

  Writer(Options options, Listeners listeners);
  ~Writer();

  // Recovers and opens the log. Throws Fault.
  void start();
  // Writes and syncs what is left, then joins.
  void stop();

  // Queues `count` records that `fill` writes in place (sequence and checksum aside), giving them rising sequences. Returns the last of
  // them, or 0, without calling `fill`, where the log is faulted or full: the shares must be refused.
  template <typename Fill>
  uint64_t append(size_t count, Fill fill) {
    std::lock_guard guard(mutex_);
    const size_t at = pending_.size();
    if (stats_.faulted || stopping_ || at + count > PENDING_RECORDS_MAX) return 0;
    pending_.resize(at + count);
    fill(pending_.data() + at);
    for (size_t i = at; i < pending_.size(); i++) pending_[i].sequence = ++sequence_;
    if (at == 0 || (at < GATHER_RECORDS_MAX && pending_.size() >= GATHER_RECORDS_MAX)) wake_.notify_one();
    return sequence_;
  }
  // For a record that `append` refused or was not asked for: of a block, which goes to the network whatever becomes of its share. It is held
  // while the log is faulted and comes first, in its order, when the log is written again; it says that the share did not count.
  void keep_block(Record record);
  // One record, which is not held. 0 where the log is faulted or full.
  uint64_t append_late(const Record& record);
  bool faulted() const;
  Stats stats() const;

 private:
  // Records that may wait for the disk (64 MiB): more are refused.
  static constexpr size_t PENDING_RECORDS_MAX = (64 << 20) / sizeof(Record);
  // From this many on (1 MiB) they are written, however short the last turn is ago.
  static constexpr size_t GATHER_RECORDS_MAX = (1 << 20) / sizeof(Record);

  using Clock = std::chrono::steady_clock;

  void run();
  void write_batch();
  void enter_fault(const std::string& message);
  void cut_back();
  void try_recover();
  // To be called with the lock held.
  void hold_blocks(std::span<const Record> records);
  bool write_held();

  const Options options_;
  const Listeners listeners_;
  std::unique_ptr<FolderLock> lock_;
  Segment segment_;
  // Where the log ends on disk: what a fault cuts back to.
  uint64_t good_segment_ = 0;
  uint64_t good_bytes_ = 0;
  std::vector<Record> writing_;
  // Not before this: what comes until then is written together.
  Clock::time_point next_turn_{};

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Record> pending_;
  std::vector<Record> held_;
  uint64_t sequence_ = 0;
  bool stopping_ = false;
  Stats stats_;
  std::thread thread_;
};

}  // namespace otedama::share_log
