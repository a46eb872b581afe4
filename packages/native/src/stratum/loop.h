// One engine thread: an epoll loop with listeners and connections of its own. A wake-up reads from every ready socket, hashes all
// submits it found together, appends their records to the share log and writes each connection's answers with one call.
//
// The loop's lock is held while it works and free while it sleeps, so JavaScript's thread can look in between two wake-ups.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "stratum/answer_queue.h"
#include "stratum/connection.h"
#include "stratum/counters.h"
#include "stratum/json.h"
#include "stratum/packet.h"
#include "stratum/shared.h"
#include "stratum/timer_wheel.h"
#include "stratum/validator.h"

namespace otedama::stratum {

// Error codes of Stratum V1.
enum class ErrorCode : int { other = 20, stale = 21, duplicate = 22, low_difficulty = 23, unauthorized = 24, not_subscribed = 25 };

struct AuthorizeAnswer {
  bool accepted = false;
  uint32_t worker_id = 0;
  // 0 where the login asked for none.
  double difficulty = 0;
  std::string message;
};

struct SessionInfo {
  uint64_t connection_id;
  uint32_t worker_id;
  std::string remote_address;
  std::string user_agent;
  double difficulty;
  int64_t connected_at_ms;
  // 0 where there was no share yet.
  int64_t last_share_at_ms;
};

class Loop {
 public:
  Loop(uint32_t index, Shared& shared);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  // Takes a listening socket over. Before `start`.
  void listen(int fd);
  void start();

  // One wake-up: waits for events no longer than this, and deals with all of them. What `start`'s thread does over and over.
  void turn(int wait_ms);

  // From any thread: takes over a connected socket.
  void adopt(int fd, const Address& remote, uint16_t port);

  // From any thread: to be done on the loop's, soon.
  void post(std::function<void()> task);
  void post_job(JobRef job);
  void post_log_done(uint64_t sequence, bool good);

  // Stops accepting and reading. What was read is in the log's queue when it returns, and answered when the log is done with it.
  void quiesce();
  // Flushes, closes everything and ends the thread.
  void finish();

  Counters counters();
  void sessions(std::vector<SessionInfo>& out);

  // To be called through `post`.
  void authorize_answered(uint64_t connection_id, uint32_t request_number, const AuthorizeAnswer& answer);
  void block_stored(uint64_t candidate_id);
  void set_difficulty(uint64_t connection_id, double difficulty);
  void renew_extranonces();
  // Of new connections, and of the others from their next retarget on.
  void set_vardiff(const vardiff::Options& options, double initial_difficulty);
  void send_to(uint64_t connection_id, const std::string& line);
  void send_to_all(const std::string& line);
  void close_address(const Address& owner);

  // loop_handover.cc. In the process that goes: stops or goes on reading; whether the log or TypeScript still owe answers, those to
  // logins left out or not; sends all connections; and forgets them when the other process has them.
  void pause(bool paused);
  bool has_open_questions(bool logins);
  void hand_over(PacketSocket& to);
  void forget();
  // In the process that comes, before `start`.
  void take(int fd, PacketReader packet);
  void take_job(JobRef job);

  static uint32_t loop_of(uint64_t id) { return static_cast<uint32_t>(id >> LOOP_SHIFT); }

 private:
  // A submit that was read in this wake-up and decoded.
  struct Submit {
    uint32_t slot;
    uint32_t generation;
    uint32_t worker_id;
    WireJobId job_id;
    double difficulty;
    int64_t read_ns;
    uint32_t id_at;
    uint32_t id_size;
  };
  // What became of the submit in the same place.
  struct Judged {
    double share_difficulty;
    ShareResult result;
    bool is_block;
    // Remembered for as long as the job lives, unless it was there before.
    bool remembered() const { return is_block || result == ShareResult::accepted; }
  };
  // A block candidate that waits for the log and for TypeScript.
  struct WaitingBlock {
    uint64_t sequence;
    uint32_t slot;
    uint32_t generation;
    int64_t read_ns;
    std::string id;
    int64_t deadline_ms;
    bool on_disk;
    bool stored;
    bool failed;
  };
  struct Answered {
    int64_t read_ns;
    uint32_t count;
  };
  struct LogDone {
    uint64_t sequence;
    bool good;
  };

  static constexpr int LOOP_SHIFT = 44;
  static constexpr int GENERATION_SHIFT = 24;
  static constexpr uint32_t GENERATION_MASK = (1u << 20) - 1;
  static constexpr uint32_t SLOTS_MAX = 1u << GENERATION_SHIFT;
  static constexpr size_t CHUNK = 256;
  static constexpr size_t ID_BYTES_MAX = 64;
  static constexpr size_t SUBMITS_MAX = 240;
  static constexpr int EVENTS_MAX = 512;
  static constexpr int ACCEPTS_MAX = 64;
  static constexpr uint8_t BAD_LINES_MAX = 5;
  static constexpr uint8_t REFUSED_LOGINS_MAX = 10;
  static constexpr int64_t BLOCK_ANSWER_MS = 10'000;

  // loop.cc: the wake-up.
  void run();
  void wake();
  void drain_inbox();
  void read_on();
  void release_answers();
  void release_until(uint64_t sequence, bool good);
  void on_timers();
  void on_connection_timer(Connection& connection);
  int64_t next_deadline(const Connection& connection) const;

  // loop_sockets.cc: accepting, reading, writing, closing.
  void accept_from(int listener);
  Connection* adopt_socket(int fd, const Address& remote, uint16_t port, bool proxied);
  bool watch(Connection& connection, int operation);
  void on_readable(Connection& connection, bool more);
  void read_lines(Connection& connection, const char* data, size_t size);
  size_t read_proxy_header(Connection& connection, std::string_view data);
  // loop_tls.cc
  bool is_tls(Connection& connection, std::string_view data);
  void hand_to_tls(Connection& connection, std::string_view head);
  void turn_away(int listener);
  void write_or_keep(Connection& connection, std::string_view line);
  void append(Connection& connection, std::string_view bytes);
  void flush(Connection& connection);
  void flush_dirty();
  void want_write(Connection& connection, bool wanted);
  void close(Connection& connection, CloseReason reason);
  void reap();

  // loop_work.cc: jobs, difficulties, shares.
  void broadcast(const JobRef& job);
  void activate(Connection& connection);
  void send_job(Connection& connection, bool same_job_again);
  void retarget(Connection& connection, double difficulty);
  void set_floor(Connection& connection, double floor);
  void judge_submits();
  Judged judge(size_t index);
  void find_duplicates();
  void commit_records();
  share_log::Record record_of(size_t index) const;
  void settle(size_t index, uint64_t sequence);
  void accept_share(Connection& connection, const Submit& submit, uint64_t sequence, std::string_view id, bool is_block);
  void raise_block(size_t index, uint64_t sequence);
  void count_refused(Connection& connection, bool counts_for_ban);
  const Job* find_job(uint32_t number) const;
  double network_difficulty() const { return jobs_.empty() ? 0 : jobs_.back()->network_difficulty; }

  // loop_messages.cc: lines in, answers out.
  void on_line(Connection& connection, std::string_view line);
  void dispatch(Connection& connection, const json::Line& line);
  void bad_line(Connection& connection, const char* fault);
  void answer(Connection& connection, std::string_view id, std::string_view result);
  void answer_error(Connection& connection, std::string_view id, ErrorCode code, std::string_view message);
  void notify_method(Connection& connection, std::string_view method, std::string_view params);
  bool take_message_token(Connection& connection);

  // methods/*.cc: one wire method each.
  void on_configure(Connection& connection, const json::Line& line);
  void on_subscribe(Connection& connection, const json::Line& line);
  void on_authorize(Connection& connection, const json::Line& line);
  void on_submit(Connection& connection, const json::Line& line);
  void on_suggest_difficulty(Connection& connection, const json::Line& line);
  void on_suggest_target(Connection& connection, const json::Line& line);
  void on_extranonce_subscribe(Connection& connection, const json::Line& line);
  void on_get_transactions(Connection& connection, const json::Line& line);
  void on_ping(Connection& connection, const json::Line& line);
  void refuse_submit(Connection& connection, const json::Line& line, const Worker* worker, uint32_t job_number, std::string_view message);
  void suggest(Connection& connection, double difficulty);
  static std::string extranonce_text(const Connection& connection);

  // Posts and waits.
  void run_on_loop(std::function<void()> task);
  Connection& at(uint32_t slot) { return chunks_[slot / CHUNK][slot % CHUNK]; }
  Connection* find(uint64_t connection_id);
  Connection* live(uint32_t slot, uint32_t generation);
  uint64_t id_of(const Connection& connection) const;
  static uint64_t key_of(const Connection& connection) { return uint64_t{connection.generation} << 32 | connection.slot; }
  template <typename Do>
  void for_each_connection(Do act);

  const uint32_t index_;
  Shared& shared_;
  const Limits& limits_;
  // The loop's own copy: it changes while the engine runs.
  vardiff::Options vardiff_;
  double initial_difficulty_;
  int epoll_ = -1;
  int wake_fd_ = -1;
  // Given up for a moment where no descriptor is left, to turn a connection away instead of leaving it waiting.
  int spare_fd_ = -1;
  std::vector<int> listeners_;
  std::thread thread_;

  std::mutex mutex_;
  Counters counters_;
  std::vector<std::unique_ptr<Connection[]>> chunks_;
  std::vector<uint32_t> free_slots_;
  uint32_t slots_used_ = 0;
  BufferPool buffers_;
  TimerWheel timers_;
  // Newest last.
  std::deque<JobRef> jobs_;
  Validator validator_;
  int64_t now_ms_ = 0;
  int64_t now_unix_ms_ = 0;
  int64_t read_ns_ = 0;
  bool accepting_ = true;
  bool reading_ = true;
  bool running_ = true;
  std::vector<char> read_buffer_;
  // Connections with something left to read, by their epoll key.
  std::vector<uint64_t> read_on_;
  std::vector<uint32_t> dirty_;
  std::vector<uint32_t> closed_slots_;
  std::vector<Submit> submits_;
  std::vector<Work> works_;
  std::string ids_;
  std::vector<Judged> judged_;
  // Of shares that were refused while they were decoded, and answered.
  std::vector<share_log::Record> refused_;
  std::vector<Answered> answered_;
  AnswerQueue waiting_answers_;
  std::unordered_map<uint64_t, WaitingBlock> waiting_blocks_;
  uint32_t next_candidate_ = 1;
  json::Line line_;
  std::string scratch_;
  std::string text_scratch_;
  std::vector<char> answers_scratch_;

  std::mutex inbox_mutex_;
  std::vector<std::function<void()>> inbox_tasks_;
  std::vector<JobRef> inbox_jobs_;
  std::vector<LogDone> inbox_log_;
  bool inbox_signalled_ = false;
  std::vector<LogDone> log_done_;
};

template <typename Do>
void Loop::for_each_connection(Do act) {
  for (uint32_t slot = 0; slot < slots_used_; slot++) {
    Connection& connection = at(slot);
    if (connection.fd >= 0 && !connection.closing) act(connection);
  }
}

}  // namespace otedama::stratum
