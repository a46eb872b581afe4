// The loop's work: jobs out, difficulties, and the judging of shares.
#include <algorithm>
#include <charconv>
#include <cstring>

#include "stratum/clock.h"
#include "stratum/loop.h"

namespace otedama::stratum {

namespace {

std::string difficulty_text(double difficulty) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, difficulty).ptr};
}

std::string difficulty_line(double difficulty) {
  return "{\"id\":null,\"method\":\"mining.set_difficulty\",\"params\":[" + difficulty_text(difficulty) + "]}\n";
}

// Near the border the double is not exact enough: there the integers decide.
bool meets_difficulty(const Target& hash, double share_difficulty, double difficulty) {
  constexpr double NEAR = 1e-9;
  if (share_difficulty > difficulty * (1 + NEAR)) return true;
  if (share_difficulty < difficulty * (1 - NEAR)) return false;
  return meets(hash, target_of_difficulty(difficulty));
}

}  // namespace

void Loop::broadcast(const JobRef& job) {
  jobs_.push_back(job);
  while (jobs_.size() > JOBS_MAX) jobs_.pop_front();
  // One at a time: their shares are only forgotten when all loops have let go of them.
  if (jobs_.size() > 1 && shared_.duplicate_memory.bytes_used() > DUPLICATE_BYTES_MAX) jobs_.pop_front();
  for_each_connection([&](Connection& connection) {
    if (!connection.active) return;
    if (connection.vardiff.difficulty > job->network_difficulty) {
      vardiff::changed(connection.vardiff, job->network_difficulty, now_ms_);
      connection.bind({{job->fields.number, 0}, connection.extranonce_prefix, connection.extranonce, job->network_difficulty});
      append(connection, difficulty_line(job->network_difficulty));
    }
    write_or_keep(connection, job->notify());
  });
  flush_dirty();
  if (!job->sent_by_loop()) return;
  counters_.notify_last_at_ns = monotonic_ns();
  const int64_t taken_ns = std::max<int64_t>(0, counters_.notify_last_at_ns - static_cast<int64_t>(job->fields.template_at_ms * 1e6));
  counters_.notify.record(taken_ns);
  counters_.notify_last_ns = taken_ns;
}

// From here on the connection gets jobs: it has an extranonce and somebody to credit.
void Loop::activate(Connection& connection) {
  if (connection.active || !connection.subscribed || connection.worker.id == 0) return;
  connection.active = true;
  const double difficulty = vardiff::bounded(vardiff_, connection.vardiff.difficulty, connection.vardiff.floor, network_difficulty());
  vardiff::changed(connection.vardiff, difficulty, now_ms_);
  connection.vardiff.last_share_ms = now_ms_;
  send_job(connection, false);
}

// Difficulty and job go together: the difficulty holds from this very job id on.
void Loop::send_job(Connection& connection, bool same_job_again) {
  WireJobId id;
  if (!jobs_.empty()) {
    id.number = jobs_.back()->fields.number;
    if (same_job_again) {
      connection.last_suffix = connection.last_suffix == 0xffff ? 1 : connection.last_suffix + 1;
      id.suffix = connection.last_suffix;
    } else {
      connection.first_job = id.number;
    }
  }
  connection.bind({id, connection.extranonce_prefix, connection.extranonce, connection.vardiff.difficulty});
  std::string lines = difficulty_line(connection.vardiff.difficulty);
  if (!jobs_.empty()) jobs_.back()->append_notify(lines, id, !same_job_again);
  append(connection, lines);
}

void Loop::retarget(Connection& connection, double difficulty) {
  if (connection.vardiff.difficulty != difficulty) vardiff::changed(connection.vardiff, difficulty, now_ms_);
  if (!connection.active) return;
  counters_.retargets++;
  send_job(connection, true);
}

// A worker's own floor takes hold at once where the connection is below it.
void Loop::set_floor(Connection& connection, double floor) {
  connection.vardiff.floor = floor;
  const double difficulty = vardiff::bounded(vardiff_, connection.vardiff.difficulty, floor, network_difficulty());
  if (difficulty != connection.vardiff.difficulty) retarget(connection, difficulty);
}

void Loop::set_difficulty(uint64_t connection_id, double difficulty) {
  Connection* connection = find(connection_id);
  if (!connection) return;
  retarget(*connection, vardiff::bounded(vardiff_, difficulty, connection->vardiff.floor, network_difficulty()));
}

void Loop::set_vardiff(const vardiff::Options& options, double initial_difficulty) {
  vardiff_ = options;
  initial_difficulty_ = initial_difficulty;
}

void Loop::renew_extranonces() {
  const uint16_t prefix = shared_.extranonce_prefix.load();
  for_each_connection([&](Connection& connection) {
    if (!connection.subscribed || !connection.extranonce_subscribed || connection.extranonce_prefix == prefix) return;
    shared_.extranonces.release(connection.extranonce, 0, shared_.tip.load());
    connection.extranonce = shared_.extranonces.take();
    connection.extranonce_prefix = prefix;
    notify_method(connection, "mining.set_extranonce",
                  '"' + extranonce_text(connection) + "\"," + std::to_string(EXTRANONCE2_BYTES));
    if (connection.active) send_job(connection, true);
  });
}

const Job* Loop::find_job(uint32_t number) const {
  for (size_t i = jobs_.size(); i-- > 0;) {
    if (jobs_[i]->fields.number == number) return jobs_[i].get();
  }
  return nullptr;
}

void Loop::judge_submits() {
  if (!submits_.empty()) validator_.hash(works_.data(), works_.size());
  for (size_t i = 0; i < submits_.size(); i++) judged_.push_back(judge(i));
  find_duplicates();
  commit_records();
  submits_.clear();
  works_.clear();
  ids_.clear();
  judged_.clear();
  refused_.clear();
}

// What a share is worth, its being a duplicate left aside. A block is a block whatever else is wrong with it, so that is looked at first.
Loop::Judged Loop::judge(size_t index) {
  const Job& job = *works_[index].job;
  const Target hash = target_of_hash(validator_.digest(index));
  Judged judged{difficulty_of_target(hash), ShareResult::accepted, meets(hash, job.network_target)};
  if (job.tip != shared_.tip.load(std::memory_order_relaxed)) {
    judged.result = ShareResult::stale;
  } else if (!judged.is_block && !meets_difficulty(hash, judged.share_difficulty, submits_[index].difficulty)) {
    judged.result = ShareResult::low_difficulty;
  }
  return judged;
}

// Shares of one job that follow each other are looked up together.
void Loop::find_duplicates() {
  std::array<uint64_t, SUBMITS_MAX> keys;
  std::array<bool, SUBMITS_MAX> is_new;
  for (size_t first = 0, end; first < judged_.size(); first = end) {
    const Job* job = works_[first].job;
    size_t count = 0;
    for (end = first; end < judged_.size() && works_[end].job == job; end++) {
      if (judged_[end].remembered()) keys[count++] = Duplicates::key_of(validator_.digest(end));
    }
    if (count > 0) job->duplicates().insert(keys.data(), count, is_new.data());
    for (size_t i = first, key = 0; i < end; i++) {
      if (judged_[i].remembered() && !is_new[key++]) judged_[i].result = ShareResult::duplicate;
    }
  }
}

void Loop::commit_records() {
  const size_t count = refused_.size() + judged_.size();
  if (count == 0) return;
  const uint64_t last = shared_.log.append(count, [&](share_log::Record* records) {
    for (size_t i = 0; i < refused_.size(); i++) records[i] = refused_[i];
    for (size_t i = 0; i < judged_.size(); i++) records[refused_.size() + i] = record_of(i);
  });
  for (size_t i = 0; last == 0 && i < judged_.size(); i++) {
    if (judged_[i].is_block && judged_[i].result != ShareResult::duplicate) shared_.log.keep_block(record_of(i));
  }
  waiting_answers_.begin_batch();
  for (size_t i = 0; i < judged_.size(); i++) settle(i, last == 0 ? 0 : last - judged_.size() + 1 + i);
  if (!shared_.options.ack_durable) release_until(last, true);
}

share_log::Record Loop::record_of(size_t index) const {
  const Submit& submit = submits_[index];
  const Judged& judged = judged_[index];
  share_log::Record record{};
  record.kind = static_cast<uint8_t>(judged.is_block ? share_log::Kind::block : share_log::Kind::share);
  record.result = static_cast<uint8_t>(judged.result);
  record.time_ms = static_cast<uint64_t>(now_unix_ms_);
  record.worker_id = submit.worker_id;
  record.job_number = works_[index].job->fields.number;
  record.job_difficulty = submit.difficulty;
  record.share_difficulty = judged.share_difficulty;
  std::memcpy(record.hash, validator_.digest(index), 32);
  return record;
}

// Counts and answers one judged share. `sequence` is 0 where the log refused it.
void Loop::settle(size_t index, uint64_t sequence) {
  const Submit& submit = submits_[index];
  const Judged& judged = judged_[index];
  const std::string_view id(ids_.data() + submit.id_at, submit.id_size);
  Connection* connection = live(submit.slot, submit.generation);
  if (judged.is_block) raise_block(index, sequence);
  if (judged.result == ShareResult::accepted && sequence == 0) {
    counters_.shares[static_cast<size_t>(ShareResult::invalid)]++;
    if (connection) answer_error(*connection, id, ErrorCode::other, "share log cannot be written: the share is not counted");
    answered_.push_back({submit.read_ns, 1});
    return;
  }
  counters_.shares[static_cast<size_t>(judged.result)]++;
  if (!connection) return;
  switch (judged.result) {
    case ShareResult::accepted:
      accept_share(*connection, submit, sequence, id, judged.is_block);
      return;
    case ShareResult::stale:
      answer_error(*connection, id, ErrorCode::stale, "stale: a new block has come since this job");
      break;
    case ShareResult::duplicate:
      answer_error(*connection, id, ErrorCode::duplicate, "duplicate share");
      break;
    default:
      answer_error(*connection, id, ErrorCode::low_difficulty,
                   "low difficulty: the share has " + difficulty_text(judged.share_difficulty) + ", the job asks for " + difficulty_text(submit.difficulty));
  }
  answered_.push_back({submit.read_ns, 1});
  count_refused(*connection, judged.result != ShareResult::stale);
}

void Loop::accept_share(Connection& connection, const Submit& submit, uint64_t sequence, std::string_view id, bool is_block) {
  connection.last_share_ms = now_ms_;
  connection.judged++;
  if (!is_block) waiting_answers_.push({sequence, submit.read_ns, submit.slot, submit.generation, 1}, id);
  const double difficulty =
      vardiff::on_share(vardiff_, connection.vardiff, submit.difficulty, network_difficulty(), now_ms_);
  if (difficulty > 0) retarget(connection, difficulty);
}

void Loop::raise_block(size_t index, uint64_t sequence) {
  const Submit& submit = submits_[index];
  const Judged& judged = judged_[index];
  // A copy of a candidate that was handed up is nothing new.
  if (judged.result == ShareResult::duplicate) return;
  counters_.blocks++;
  BlockEvent event{};
  const uint64_t candidate = uint64_t{index_} << LOOP_SHIFT | next_candidate_++;
  event.candidate_id = candidate;
  event.worker_id = submit.worker_id;
  event.job_number = works_[index].job->fields.number;
  std::memcpy(event.header, validator_.header(index), 80);
  std::memcpy(event.hash, validator_.digest(index), 32);
  event.coinbase = Validator::coinbase_of(works_[index]);
  event.share_difficulty = judged.share_difficulty;
  event.at_ms = now_unix_ms_;
  event.accepted = judged.result == ShareResult::accepted && sequence != 0;
  shared_.events.push(std::move(event));
  if (judged.result != ShareResult::accepted || sequence == 0) return;
  WaitingBlock& waiting = waiting_blocks_[candidate];
  waiting = {};
  waiting.sequence = sequence;
  waiting.slot = submit.slot;
  waiting.generation = submit.generation;
  waiting.read_ns = submit.read_ns;
  waiting.id.assign(ids_, submit.id_at, submit.id_size);
  waiting.deadline_ms = now_ms_ + BLOCK_ANSWER_MS;
}

void Loop::block_stored(uint64_t candidate_id) {
  const auto found = waiting_blocks_.find(candidate_id);
  if (found != waiting_blocks_.end()) found->second.stored = true;
}

// A miner whose shares are mostly refused costs more than it brings, and may be guessing.
void Loop::count_refused(Connection& connection, bool counts_for_ban) {
  connection.judged++;
  if (!counts_for_ban) return;
  connection.refused++;
  if (limits_.ban_after_shares == 0 || connection.judged < limits_.ban_after_shares) return;
  if (connection.refused > limits_.ban_invalid_ratio * connection.judged) {
    const double seconds = shared_.admission.ban(connection.remote, limits_.ban_s, true, now_ms_);
    shared_.events.push(BannedEvent{connection.remote.text(), "too many refused shares", seconds});
    return close(connection, CloseReason::banned);
  }
  if (connection.judged >= 4 * limits_.ban_after_shares) {
    connection.judged /= 2;
    connection.refused /= 2;
  }
}

}  // namespace otedama::stratum
