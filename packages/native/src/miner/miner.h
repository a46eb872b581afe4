// Mining threads: each searches its own part of the work, and what it finds is checked again before anyone hears of it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "miner/job.h"
#include "sha256/scan.h"

namespace otedama::miner {

struct Options {
  // 0 means one for each CPU this process may use.
  uint32_t threads;
  int nice_value;
  const sha256::ScanKernel* kernel;
  // Shares that wait to be taken; a thread that finds one more waits for room or, failing that, until the job changes.
  size_t waiting_shares_max;
  // Called from a mining thread when shares wait to be taken.
  std::function<void()> on_share;
};

class Miner {
 public:
  explicit Miner(Options options);
  ~Miner();
  Miner(const Miner&) = delete;
  Miner& operator=(const Miner&) = delete;

  // Of each moment, how much is spent searching: 1 … 100. Holds from the next slice on.
  void set_intensity(uint32_t percent) { intensity_percent_.store(percent, std::memory_order_relaxed); }
  // All threads go over to this job within one slice of the search (about 2 ms). Null lets them sleep.
  void set_job(std::shared_ptr<const Job> job);
  // Takes the waiting shares, oldest first; some may belong to the job before.
  std::vector<Share> take_shares();
  // Joins the threads; the counters stay readable.
  void stop();

  struct ThreadCounters {
    uint64_t hashes;
    uint64_t hardware_errors;
    // Time spent searching, whether or not the system let the thread run meanwhile.
    uint64_t search_ns;
  };
  std::vector<ThreadCounters> counters() const;
  const sha256::ScanKernel& kernel() const { return *options_.kernel; }

 private:
  // On cache lines of their own: each is written by one thread all the time.
  struct alignas(128) Slot {
    std::atomic<uint64_t> hashes{0};
    std::atomic<uint64_t> hardware_errors{0};
    std::atomic<uint64_t> search_ns{0};
    // Goes on from job to job, so that a job sent twice is not searched twice in the same place.
    uint64_t next_extranonce2 = 0;
  };

  void run(size_t index, const std::vector<int>& cpus);
  void search(size_t index, const Job& job, uint64_t generation);
  bool report(size_t index, const Job& job, const Work& work, const sha256::ScanHit& hit, uint64_t generation);
  bool rest(uint64_t generation, std::chrono::steady_clock::time_point until);
  bool current(uint64_t generation) const { return generation_.load(std::memory_order_acquire) == generation; }

  Options options_;
  uint32_t slice_nonces_;
  std::atomic<uint32_t> intensity_percent_{100};
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::thread> threads_;

  // Rises with every job and with stop; the threads look at it between two slices.
  std::atomic<uint64_t> generation_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const Job> job_;
  std::deque<Share> waiting_;
  bool stopping_ = false;
};

// Hashes a second of `threads` threads over `duration_ms`, searching a header with so many rolled versions for what is never found.
double bench(const sha256::ScanKernel& kernel, uint32_t threads, uint32_t versions, uint32_t duration_ms);

}  // namespace otedama::miner
