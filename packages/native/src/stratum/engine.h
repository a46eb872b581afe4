// The engine as a whole: its loops, its log, and what TypeScript may ask of it. Every call is safe from any thread.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "stratum/listener.h"
#include "stratum/loop.h"
#include "stratum/shared.h"

namespace otedama::stratum {

struct EngineStats {
  Counters counters;
  uint32_t bans_active = 0;
  uint32_t tls_connections = 0;
  share_log::Stats share_log;
};

class Engine {
 public:
  // `wake_events` is called on any thread when events wait for `take_events`.
  Engine(Options options, std::function<void()> wake_events);
  ~Engine();

  // Recovers the share log, binds and begins to accept. Throws share_log::Fault or std::runtime_error with a sentence for a person.
  std::vector<Listen> start();
  // Instead of `start`: takes the listeners, connections and jobs of the engine that offers them at `path`, and goes on where it stopped.
  // It listens where that one listened. Throws as `start` does; the other engine then goes on as before.
  std::vector<Listen> take_over(const std::string& path);
  // From now on another process may take over at `path`. Raises HandedOverEvent when one has: then nothing is left here but `stop`.
  void offer_takeover(std::string path);
  // Closes the listeners, waits for the log, answers, closes everything and joins. Blocks.
  void stop();

  std::vector<Event> take_events() { return shared_.events.take(); }
  // Throws std::runtime_error where the job number does not rise.
  void set_job(JobFields fields);
  void set_extranonce_prefix(uint16_t prefix);
  void set_vardiff(const vardiff::Options& options, double initial_difficulty);
  void authorize_result(uint64_t connection_id, uint32_t request_number, AuthorizeAnswer answer);
  void block_stored(uint64_t candidate_id);
  // Writes the record of a block whose share the log could not take. False while it still cannot.
  bool log_block(const uint8_t hash[32], uint32_t worker_id, uint32_t job_number, double share_difficulty, uint64_t found_ms);
  void set_difficulty(uint64_t connection_id, double difficulty);
  // To one connection, or to all where there is no id.
  void send_line(std::string line, const uint64_t* connection_id);
  void ban(const Address& address, double seconds, std::string reason);
  EngineStats stats();
  std::vector<SessionInfo> sessions();

 private:
  Loop* loop_of(uint64_t id);
  // engine_handover.cc. True when another process has taken over; false when none came before `stop`.
  bool hand_over(const std::string& path);
  void send_state(PacketSocket& to);
  void take_job(PacketReader packet);
  void cancel_takeover();
  bool resume_log(int tries_max);

  Shared shared_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::mutex mutex_;
  bool started_ = false;
  bool stopped_ = false;
  uint32_t last_job_number_ = 0;
  std::vector<BoundAddress> bound_;
  // Live jobs, newest last.
  std::deque<JobRef> jobs_;
  std::atomic<bool> handover_cancelled_{false};
  std::thread handover_thread_;
};

}  // namespace otedama::stratum
