#include "stratum/job.h"

#include "stratum/hex.h"
#include "stratum/options.h"

namespace otedama::stratum {

namespace {

constexpr std::string_view NOTIFY_HEAD = "{\"id\":null,\"method\":\"mining.notify\",\"params\":[\"";
constexpr std::string_view NOTIFY_TAIL = "]}\n";
constexpr size_t NUMBER_DIGITS = 8;
constexpr size_t SUFFIX_DIGITS = 4;

std::string_view word_of(bool value) { return value ? "true" : "false"; }

// The previous block's hash as Stratum sends it: each of its eight words byte-swapped.
std::string swapped_words(const uint8_t hash[32]) {
  uint8_t swapped[32];
  for (size_t i = 0; i < 32; i++) swapped[i] = hash[(i & ~size_t{3}) + (3 - (i & 3))];
  return hex_of(swapped, 32);
}

}  // namespace

size_t WireJobId::write(char out[12]) const {
  encode_hex_number(number, NUMBER_DIGITS, out);
  if (suffix == 0) return NUMBER_DIGITS;
  encode_hex_number(suffix, SUFFIX_DIGITS, out + NUMBER_DIGITS);
  return NUMBER_DIGITS + SUFFIX_DIGITS;
}

bool WireJobId::parse(std::string_view text, WireJobId& id) {
  if (text.size() != NUMBER_DIGITS && text.size() != NUMBER_DIGITS + SUFFIX_DIGITS) return false;
  uint64_t value = 0;
  if (!decode_hex_u32(text.substr(0, NUMBER_DIGITS), id.number)) return false;
  if (text.size() > NUMBER_DIGITS && (!decode_hex_number(text.substr(NUMBER_DIGITS), SUFFIX_DIGITS, value) || value == 0)) return false;
  id.suffix = static_cast<uint16_t>(value);
  return true;
}

Job::Job(JobFields given, uint32_t tip, uint32_t loops, DuplicateMemory& duplicate_memory)
    : fields(std::move(given)),
      tip(tip),
      network_target(target_of_nbits(fields.nbits)),
      network_difficulty(difficulty_of_target(network_target)),
      branch_count(fields.merkle_branches.size() / 32),
      coinbase(fields.coinbase_prefix.data(), fields.coinbase_prefix.size(), EXTRANONCE1_BYTES + EXTRANONCE2_BYTES, fields.coinbase_suffix.data(),
               fields.coinbase_suffix.size()),
      duplicates_(duplicate_memory),
      loops_left_(loops) {
  char id[12];
  const WireJobId wire_id{fields.number, 0};
  notify_ = NOTIFY_HEAD;
  notify_.append(id, wire_id.write(id));
  notify_ += "\",\"" + swapped_words(fields.prev_hash) + "\",\"";
  notify_ += hex_of(fields.coinbase_prefix.data(), fields.coinbase_prefix.size()) + "\",\"";
  notify_ += hex_of(fields.coinbase_suffix.data(), fields.coinbase_suffix.size()) + "\",[";
  for (size_t i = 0; i < branch_count; i++) {
    if (i > 0) notify_ += ',';
    notify_ += '"' + hex_of(fields.merkle_branches.data() + 32 * i, 32) + '"';
  }
  notify_ += "],\"" + hex_of(fields.version) + "\",\"" + hex_of(fields.nbits) + "\",\"" + hex_of(fields.ntime) + "\",";
  clean_at_ = notify_.size();
  notify_ += word_of(fields.clean);
  notify_ += NOTIFY_TAIL;
}

void Job::append_notify(std::string& out, WireJobId id, bool clean) const {
  char text[12];
  const size_t body_at = NOTIFY_HEAD.size() + NUMBER_DIGITS;
  out += NOTIFY_HEAD;
  out.append(text, id.write(text));
  out.append(notify_, body_at, clean_at_ - body_at);
  out += word_of(clean);
  out += NOTIFY_TAIL;
}

}  // namespace otedama::stratum
