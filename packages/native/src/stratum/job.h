// A job: immutable once made, shared by all loops, with its notify line written once for everybody.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sha256/message_template.h"
#include "stratum/duplicates.h"
#include "stratum/target.h"

namespace otedama::stratum {

// What TypeScript hands over.
struct JobFields {
  uint32_t number = 0;
  uint32_t height = 0;
  uint8_t prev_hash[32] = {};
  std::vector<uint8_t> coinbase_prefix;
  std::vector<uint8_t> coinbase_suffix;
  std::vector<uint8_t> merkle_branches;
  uint32_t version = 0;
  uint32_t nbits = 0;
  uint32_t ntime = 0;
  bool clean = false;
  double template_at_ms = 0;
};

// The job id on the wire: eight hex digits of the number, and four more where a connection was sent the job again at another difficulty.
struct WireJobId {
  uint32_t number = 0;
  uint16_t suffix = 0;

  bool operator==(const WireJobId&) const = default;
  size_t write(char out[12]) const;
  // Either letter case.
  static bool parse(std::string_view text, WireJobId& id);
};

class Job {
 public:
  // `loops` is how many have to send it before `sent_by_loop` is true.
  Job(JobFields fields, uint32_t tip, uint32_t loops, DuplicateMemory& duplicate_memory);

  const JobFields fields;
  // Counts the chain tips this engine has seen: jobs of an older one are stale.
  const uint32_t tip;
  const Target network_target;
  const double network_difficulty;
  const size_t branch_count;

  // The line for everybody.
  std::string_view notify() const { return notify_; }
  // The line for one connection.
  void append_notify(std::string& out, WireJobId id, bool clean) const;

  // The coinbase; its hole are the extranonces.
  const sha256::MessageTemplate coinbase;

  Duplicates& duplicates() const { return duplicates_; }

  // True for the last loop that has sent it to all its connections.
  bool sent_by_loop() const { return loops_left_.fetch_sub(1) == 1; }

 private:
  std::string notify_;
  size_t clean_at_;
  mutable Duplicates duplicates_;
  mutable std::atomic<uint32_t> loops_left_;
};

using JobRef = std::shared_ptr<const Job>;

}  // namespace otedama::stratum
