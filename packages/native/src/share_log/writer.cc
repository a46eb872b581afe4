#include "share_log/writer.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>

#include "share_log/crc32c.h"

namespace otedama::share_log {

namespace {

constexpr auto RETRY_AFTER = std::chrono::seconds(1);
// Blocks of one fault; only a test chain has more than one.
constexpr size_t HELD_MAX = 4096;
// Under load the log rests as long after a turn as the turn took, so that twice as many shares ride on each sync: that is half the cost
// for a small part of the answer time. A share that comes while nothing is going on does not wait.
constexpr auto REST_MAX = std::chrono::milliseconds(1);

}  // namespace

Writer::Writer(Options options, Listeners listeners)
    : options_(std::move(options)), listeners_(std::move(listeners)), segment_(options_.dir, options_.instance_id) {}

Writer::~Writer() { stop(); }

void Writer::start() {
  // The folder has to be there for its lock, and the lock has to be held before anything is cut.
  recover(options_.dir, options_.instance_id);
  lock_ = std::make_unique<FolderLock>(options_.dir, options_.instance_id);
  const Position position = recover(options_.dir, options_.instance_id);
  segment_.open(position.segment, position.bytes);
  good_segment_ = segment_.number();
  good_bytes_ = segment_.bytes();
  sequence_ = position.last_sequence;
  stats_.segment = segment_.number();
  stats_.bytes = good_bytes_;
  stopping_ = false;
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "share-log");
}

void Writer::stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  segment_.close();
  lock_.reset();
}

uint64_t Writer::append_late(const Record& record) {
  return append(1, [&](Record* at) { *at = record; });
}

void Writer::keep_block(Record record) {
  std::lock_guard guard(mutex_);
  if (stats_.faulted) return hold_blocks({&record, 1});
  if (stopping_) return;
  // The fault is over meanwhile, or too much waits for the disk: for a block there is room.
  if (record.result == ACCEPTED) record.result = INVALID;
  record.sequence = ++sequence_;
  pending_.push_back(record);
  if (pending_.size() == 1) wake_.notify_one();
}

void Writer::hold_blocks(std::span<const Record> records) {
  for (Record record : records) {
    if (record.kind != static_cast<uint8_t>(Kind::block) || record.result == DUPLICATE || held_.size() >= HELD_MAX) continue;
    if (record.result == ACCEPTED) record.result = INVALID;
    held_.push_back(record);
  }
}

bool Writer::faulted() const {
  std::lock_guard guard(mutex_);
  return stats_.faulted;
}

Stats Writer::stats() const {
  std::lock_guard guard(mutex_);
  return stats_;
}

void Writer::run() {
  std::unique_lock guard(mutex_);
  for (;;) {
    if (stats_.faulted) {
      wake_.wait_for(guard, RETRY_AFTER, [&] { return stopping_; });
      if (stopping_) return;
      guard.unlock();
      try_recover();
      guard.lock();
      continue;
    }
    wake_.wait(guard, [&] { return stopping_ || !pending_.empty(); });
    if (pending_.empty()) return;
    wake_.wait_until(guard, next_turn_, [&] { return stopping_ || pending_.size() >= GATHER_RECORDS_MAX; });
    writing_.swap(pending_);
    guard.unlock();
    const auto began = Clock::now();
    write_batch();
    const auto ended = Clock::now();
    next_turn_ = ended + std::max<Clock::duration>(std::chrono::milliseconds(options_.gather_ms), std::min<Clock::duration>(ended - began, REST_MAX));
    writing_.clear();
    guard.lock();
  }
}

void Writer::write_batch() {
  const uint64_t last = writing_.back().sequence;
  for (Record& record : writing_) {
    record.crc = crc32c(reinterpret_cast<const uint8_t*>(&record) + 4, sizeof(Record) - 4);
  }
  try {
    if (segment_.bytes() + writing_.size() * sizeof(Record) > options_.segment_bytes_max && segment_.bytes() > sizeof(SegmentHeader)) {
      segment_.open(segment_.number() + 1, 0);
      good_segment_ = segment_.number();
      good_bytes_ = segment_.bytes();
    }
    segment_.append(writing_);
    segment_.sync();
  } catch (const Fault& fault) {
    enter_fault(fault.message);
    return;
  }
  good_bytes_ = segment_.bytes();
  {
    std::lock_guard guard(mutex_);
    stats_.segment = segment_.number();
    stats_.bytes = good_bytes_;
    stats_.records += writing_.size();
    stats_.syncs++;
  }
  listeners_.done(last, true);
}

// What was being written and what waits behind it will never be on disk. Their miners are told so, after the log was cut back.
void Writer::enter_fault(const std::string& message) {
  uint64_t last;
  {
    std::lock_guard guard(mutex_);
    stats_.faulted = true;
    last = sequence_;
    hold_blocks(writing_);
    hold_blocks(pending_);
    pending_.clear();
  }
  try {
    cut_back();
  } catch (const Fault&) {
    // try_recover begins with the same cut.
  }
  listeners_.fault(&message);
  listeners_.done(last, false);
}

// After a failed sync nobody knows what the disk holds of the last writes.
void Writer::cut_back() { segment_.open(good_segment_, good_bytes_); }

void Writer::try_recover() {
  try {
    cut_back();
    segment_.open(good_segment_ + 1, 0);
    while (write_held()) {
    }
  } catch (const Fault&) {
    return;
  }
  listeners_.fault(nullptr);
}

// True when more may have come meanwhile; with nothing left the fault is over. Throws Fault: everything is then still held.
bool Writer::write_held() {
  std::vector<Record> records;
  {
    std::lock_guard guard(mutex_);
    if (held_.empty()) {
      good_segment_ = segment_.number();
      good_bytes_ = segment_.bytes();
      stats_.faulted = false;
      stats_.segment = good_segment_;
      stats_.bytes = good_bytes_;
      return false;
    }
    records = held_;
    for (Record& record : records) record.sequence = ++sequence_;
  }
  for (Record& record : records) record.crc = crc32c(reinterpret_cast<const uint8_t*>(&record) + 4, sizeof(Record) - 4);
  segment_.append(records);
  segment_.sync();
  // What is on disk now stays there, whatever becomes of the rest.
  good_segment_ = segment_.number();
  good_bytes_ = segment_.bytes();
  std::lock_guard guard(mutex_);
  held_.erase(held_.begin(), held_.begin() + static_cast<ptrdiff_t>(records.size()));
  stats_.segment = good_segment_;
  stats_.bytes = good_bytes_;
  stats_.records += records.size();
  return true;
}

}  // namespace otedama::share_log
