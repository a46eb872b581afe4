// The share log's bytes on disk. engine_types.ts documents them for readers; both are tested against each other.
#pragma once

#include <bit>
#include <cstdint>

static_assert(std::endian::native == std::endian::little, "records are written as they lie in memory");

namespace otedama::share_log {

enum class Kind : uint8_t { share = 1, block = 2 };

// Indexes in SHARE_RESULTS, as in a record.
inline constexpr uint8_t ACCEPTED = 0;
inline constexpr uint8_t DUPLICATE = 2;
inline constexpr uint8_t INVALID = 5;

#pragma pack(push, 1)
struct SegmentHeader {
  char magic[8];
  uint32_t version;
  uint32_t record_bytes;
  uint64_t segment;
  uint64_t created_ms;
  char instance_id[32];
};

struct Record {
  uint32_t crc;
  uint8_t kind;
  uint8_t result;
  uint16_t zero;
  uint64_t time_ms;
  uint32_t worker_id;
  uint32_t job_number;
  double job_difficulty;
  double share_difficulty;
  uint64_t sequence;
  uint8_t hash[32];
};
#pragma pack(pop)

static_assert(sizeof(SegmentHeader) == 64 && sizeof(Record) == 80);

inline constexpr char MAGIC[8] = {'O', 'T', 'D', 'S', 'H', 'A', 'R', 'E'};
inline constexpr uint32_t VERSION = 1;

}  // namespace otedama::share_log
