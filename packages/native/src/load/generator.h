// A crowd of Stratum miners that do not mine: they subscribe, authorise and submit well-formed shares, one new extranonce2 each. The
// pool's difficulty has to be so low that every hash is a share, or what it refuses is counted by error code.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "load/latency.h"

namespace otedama::load {

struct CrowdOptions {
  // Addresses in numbers.
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  uint32_t workers = 1;
  // Source addresses 127.1.0.1, 127.1.0.2, …: each can hold about 28,000 connections to one port, and none of them takes a port of
  // 127.0.0.1 away from others on this machine. 0 leaves the choice to the system.
  uint32_t source_addresses = 0;
  // `#` is replaced by the worker's number.
  std::string user = "load.#";
  std::string password = "x";
  // Connections opening at a time.
  uint32_t opening_max = 256;
};

struct RunOptions {
  double duration_s = 10;
  // Shares a second over all workers, evenly spaced; 0 keeps `in_flight` submits open on every connection instead.
  double rate = 0;
  uint32_t in_flight = 1;
};

struct RunResult {
  double elapsed_s = 0;
  uint64_t sent = 0;
  uint64_t accepted = 0;
  // Error codes 20 … 25, and all others.
  std::array<uint64_t, 7> refused{};
  // Due, but its connection had too many open ones.
  uint64_t skipped = 0;
  uint64_t disconnected = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double p999_ms = 0;
};

// When one job reached the crowd (CLOCK_MONOTONIC).
struct JobArrival {
  std::string job_id;
  uint32_t miners = 0;
  int64_t first_ns = 0;
  int64_t last_ns = 0;
};

class Crowd {
 public:
  explicit Crowd(CrowdOptions options);
  ~Crowd();

  // Resolves when every worker has a job; throws std::runtime_error with a sentence where they cannot.
  std::future<void> connected() { return connected_.get_future(); }
  // After `connected`, one at a time.
  std::future<RunResult> run(RunOptions options);
  std::vector<JobArrival> arrivals();
  uint32_t ready() const { return ready_.load(); }

 private:
  static constexpr uint32_t RING = 256;
  static constexpr size_t ARRIVALS_MAX = 64;

  struct Miner {
    int fd = -1;
    uint8_t logins_open = 0;
    bool ready = false;
    bool want_write = false;
    uint32_t next_id = 0;
    uint32_t open = 0;
    uint64_t extranonce2 = 0;
    char job_id[20] = {};
    char ntime[9] = {};
    std::string partial;
    std::string unsent;
    // Send times by id; allocated with the first submit.
    std::unique_ptr<int64_t[]> sent_ns;
  };

  void loop();
  void open_more();
  bool open_one(uint32_t index);
  void log_in(Miner& miner, uint32_t index);
  void on_readable(uint32_t index);
  void on_line(uint32_t index, std::string_view line);
  void on_notify(Miner& miner, std::string_view line);
  void on_answer(uint32_t index, std::string_view line);
  void submit(Miner& miner, uint32_t index, int64_t due_ns);
  void send_now(Miner& miner, uint32_t index);
  void drop(uint32_t index);
  void begin_run();
  void tick_run(int64_t now_ns);
  void end_run(int64_t now_ns);
  void fail(const std::string& why);

  const CrowdOptions options_;
  int epoll_ = -1;
  std::vector<Miner> miners_;
  uint32_t opened_ = 0;
  uint32_t opening_ = 0;
  std::atomic<uint32_t> ready_{0};
  std::atomic<bool> stopping_{false};
  std::promise<void> connected_;
  bool connected_told_ = false;
  std::vector<char> read_buffer_;
  std::vector<uint32_t> touched_;

  std::mutex mutex_;
  std::unique_ptr<RunOptions> wanted_run_;
  std::promise<RunResult> run_promise_;
  std::vector<JobArrival> arrivals_;

  // The run in progress.
  bool running_ = false;
  bool draining_ = false;
  RunOptions run_;
  RunResult result_;
  Latencies latencies_;
  int64_t started_ns_ = 0;
  uint64_t due_ = 0;
  uint64_t open_total_ = 0;
  std::thread thread_;
};

}  // namespace otedama::load
