// mining.submit: a share. Decoded strictly here, judged with all others of the wake-up.
//
//   → {"id":4,"method":"mining.submit","params":["bc1q….rig1","0000001a","0000000000000001","6756f3a2","a1b2c3d4","00c00000"]}
//   ← {"id":4,"result":true,"error":null}
#include <cstring>

#include "stratum/hex.h"
#include "stratum/loop.h"

namespace otedama::stratum {

namespace {

enum Param { USER, JOB_ID, EXTRANONCE2, NTIME, NONCE, VERSION_BITS };

}  // namespace

void Loop::on_submit(Connection& connection, const json::Line& line) {
  if (!connection.subscribed) {
    counters_.not_subscribed++;
    answer_error(connection, line.id, ErrorCode::not_subscribed, "not subscribed: send mining.subscribe first");
    return count_refused(connection, true);
  }
  if (line.param_count < 5 || line.param_count > 6) {
    return refuse_submit(connection, line, nullptr, 0, "params must be user, job id, extranonce2, ntime, nonce and, where rolled, version bits");
  }
  for (size_t i = 0; i < line.param_count; i++) {
    if (!line.params[i].is(json::Type::string)) return refuse_submit(connection, line, nullptr, 0, "params of mining.submit must be strings");
  }
  const Worker* worker = connection.worker_named(hash_name(shared_.secret, json::string_of(line.params[USER], text_scratch_)));
  if (!worker) {
    counters_.shares[static_cast<size_t>(ShareResult::unauthorized)]++;
    answer_error(connection, line.id, ErrorCode::unauthorized, "unauthorized worker: send mining.authorize for it first");
    return count_refused(connection, true);
  }
  const auto text = [&](Param param) { return json::string_of(line.params[param], text_scratch_); };
  WireJobId job_id;
  if (!WireJobId::parse(text(JOB_ID), job_id)) return refuse_submit(connection, line, worker, 0, "job id is not one that was sent");
  Work work{};
  uint32_t version_bits = 0;
  if (!decode_hex(text(EXTRANONCE2), work.extranonce2, EXTRANONCE2_BYTES)) {
    return refuse_submit(connection, line, worker, job_id.number, "extranonce2 must be 16 hex digits");
  }
  if (!decode_hex_u32(text(NTIME), work.ntime)) return refuse_submit(connection, line, worker, job_id.number, "ntime must be 8 hex digits");
  if (!decode_hex_u32(text(NONCE), work.nonce)) return refuse_submit(connection, line, worker, job_id.number, "nonce must be 8 hex digits");
  if (line.param_count == 6) {
    if (!decode_hex_u32(text(VERSION_BITS), version_bits)) {
      return refuse_submit(connection, line, worker, job_id.number, "version bits must be 8 hex digits");
    }
    if (version_bits & ~connection.version_mask) {
      return refuse_submit(connection, line, worker, job_id.number,
                           connection.version_rolling ? "version bits lie outside the mask " + hex_of(connection.version_mask)
                                                      : "version bits must not be rolled: ask for version-rolling with mining.configure");
    }
  }
  const Binding* binding = connection.binding_of(job_id);
  work.job = binding ? find_job(job_id.number) : nullptr;
  if (!work.job) {
    counters_.shares[static_cast<size_t>(ShareResult::stale)]++;
    share_log::Record record{};
    record.kind = static_cast<uint8_t>(share_log::Kind::share);
    record.result = static_cast<uint8_t>(ShareResult::stale);
    record.time_ms = static_cast<uint64_t>(now_unix_ms_);
    record.worker_id = worker->id;
    record.job_number = job_id.number;
    refused_.push_back(record);
    answer_error(connection, line.id, ErrorCode::stale, "job not found: it is too old or was never sent here");
    return count_refused(connection, false);
  }
  const uint32_t job_ntime = work.job->fields.ntime;
  if (work.ntime < job_ntime || work.ntime - job_ntime > NTIME_AHEAD_MAX_S) {
    return refuse_submit(connection, line, worker, job_id.number,
                         "ntime must lie between the job's and " + std::to_string(NTIME_AHEAD_MAX_S) + " seconds after it");
  }
  work.version = (work.job->fields.version & ~connection.version_mask) | version_bits;
  if (line.param_count == 5) work.version = work.job->fields.version;
  work.extranonce1[0] = static_cast<uint8_t>(binding->extranonce_prefix >> 8);
  work.extranonce1[1] = static_cast<uint8_t>(binding->extranonce_prefix);
  for (int i = 0; i < 4; i++) work.extranonce1[2 + i] = static_cast<uint8_t>(binding->extranonce >> (24 - 8 * i));
  Submit submit{};
  submit.slot = connection.slot;
  submit.generation = connection.generation;
  submit.worker_id = worker->id;
  submit.difficulty = binding->difficulty;
  submit.read_ns = read_ns_;
  submit.id_at = static_cast<uint32_t>(ids_.size());
  submit.id_size = static_cast<uint32_t>(line.id.size());
  ids_ += line.id;
  submits_.push_back(submit);
  works_.push_back(work);
}

// A submit that cannot be hashed. It is on record for its worker where one is known.
void Loop::refuse_submit(Connection& connection, const json::Line& line, const Worker* worker, uint32_t job_number, std::string_view message) {
  counters_.shares[static_cast<size_t>(ShareResult::invalid)]++;
  if (worker) {
    share_log::Record record{};
    record.kind = static_cast<uint8_t>(share_log::Kind::share);
    record.result = static_cast<uint8_t>(ShareResult::invalid);
    record.time_ms = static_cast<uint64_t>(now_unix_ms_);
    record.worker_id = worker->id;
    record.job_number = job_number;
    refused_.push_back(record);
  }
  answer_error(connection, line.id, ErrorCode::other, message);
  count_refused(connection, true);
}

}  // namespace otedama::stratum
