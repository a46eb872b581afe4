#include "share_log/segment.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <vector>

#include "share_log/crc32c.h"
#include "stratum/clock.h"

namespace otedama::share_log {

namespace {

constexpr size_t READ_RECORDS = 4096;

// Blocks are reserved this far ahead, so that a sync has less to write than the file system's books for each new one.
constexpr uint64_t RESERVE_BYTES = 4 << 20;

std::string segment_path(const std::string& dir, const std::string& instance_id, uint64_t number) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(number));
  return dir + "/" + instance_id + "." + digits + ".sharelog";
}

std::string system_reason(int error) { return std::strerror(error); }

void sync_folder(const std::string& dir) {
  const int fd = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool good = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!good) throw Fault{"share log folder " + dir + " cannot be synced: " + system_reason(error)};
}

// The newest segment's number, 0 where there is none.
uint64_t newest_segment(const std::string& dir, const std::string& instance_id) {
  uint64_t newest = 0;
  std::error_code error;
  std::filesystem::directory_iterator files(dir, error);
  if (error) throw Fault{"share log folder " + dir + " cannot be read: " + error.message()};
  for (const auto& file : files) {
    const std::string name = file.path().filename().string();
    const std::string head = instance_id + ".";
    const std::string tail = ".sharelog";
    if (name.size() != head.size() + 16 + tail.size() || !name.starts_with(head) || !name.ends_with(tail)) continue;
    uint64_t number = 0;
    const char* digits = name.data() + head.size();
    const auto result = std::from_chars(digits, digits + 16, number, 16);
    if (result.ptr == digits + 16 && number > newest) newest = number;
  }
  return newest;
}

struct Scan {
  bool header_good = false;
  uint64_t bytes = 0;
  uint64_t last_sequence = 0;
};

// Reads a segment up to its first record that is not whole.
Scan scan_segment(const std::string& path, uint64_t number) {
  Scan scan;
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  if (!file) throw Fault{"share log segment " + path + " cannot be read: " + system_reason(errno)};
  SegmentHeader header;
  if (std::fread(&header, sizeof header, 1, file) == 1 && std::memcmp(header.magic, MAGIC, sizeof MAGIC) == 0 && header.segment == number) {
    if (header.version != VERSION || header.record_bytes != sizeof(Record)) {
      std::fclose(file);
      throw Fault{"share log segment " + path + " has version " + std::to_string(header.version) + ", which this release cannot append to"};
    }
    scan.header_good = true;
    scan.bytes = sizeof header;
    std::vector<Record> records(READ_RECORDS);
    for (bool torn = false; !torn;) {
      const size_t count = std::fread(records.data(), sizeof(Record), records.size(), file);
      if (count == 0) break;
      for (size_t i = 0; i < count && !torn; i++) {
        const auto* bytes = reinterpret_cast<const uint8_t*>(&records[i]);
        torn = crc32c(bytes + 4, sizeof(Record) - 4) != records[i].crc;
        if (torn) break;
        scan.bytes += sizeof(Record);
        scan.last_sequence = records[i].sequence;
      }
    }
  }
  std::fclose(file);
  return scan;
}

}  // namespace

Position recover(const std::string& dir, const std::string& instance_id) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) throw Fault{"share log folder " + dir + " cannot be made: " + error.message()};
  Position position;
  const uint64_t newest = newest_segment(dir, instance_id);
  if (newest == 0) return position;
  const Scan scan = scan_segment(segment_path(dir, instance_id, newest), newest);
  position.segment = newest;
  position.bytes = scan.bytes;
  position.last_sequence = scan.last_sequence;
  // A segment without records does not know the sequence; the one before it does.
  for (uint64_t number = newest - 1; position.last_sequence == 0 && number > 0; number--) {
    const std::string path = segment_path(dir, instance_id, number);
    if (!std::filesystem::exists(path, error)) break;
    position.last_sequence = scan_segment(path, number).last_sequence;
  }
  return position;
}

void Segment::fail(const char* doing) const {
  const int error = errno;
  throw Fault{"share log segment " + segment_path(dir_, instance_id_, number_) + " cannot be " + doing + ": " + system_reason(error)};
}

void Segment::open(uint64_t number, uint64_t bytes) {
  close();
  number_ = number;
  bytes_ = bytes;
  reserved_ = bytes;
  const std::string path = segment_path(dir_, instance_id_, number);
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd_ < 0) fail("opened");
  if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) fail("cut to length");
  if (bytes == 0) {
    SegmentHeader header{};
    std::memcpy(header.magic, MAGIC, sizeof MAGIC);
    header.version = VERSION;
    header.record_bytes = sizeof(Record);
    header.segment = number;
    header.created_ms = static_cast<uint64_t>(stratum::unix_ms());
    std::memcpy(header.instance_id, instance_id_.data(), std::min(instance_id_.size(), sizeof header.instance_id));
    write_all(&header, sizeof header);
  }
  if (::fsync(fd_) != 0) fail("synced");
  sync_folder(dir_);
}

void Segment::append(std::span<const Record> records) { write_all(records.data(), records.size_bytes()); }

void Segment::write_all(const void* data, size_t size) {
  const auto* at = static_cast<const char*>(data);
  if (bytes_ + size > reserved_) {
    // A file system that cannot do it is none the worse for being asked; a full one says so on the write.
    reserved_ = bytes_ + size + RESERVE_BYTES;
    [[maybe_unused]] const int ignored = ::fallocate(fd_, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(bytes_), static_cast<off_t>(reserved_ - bytes_));
  }
  while (size > 0) {
    const ssize_t written = ::pwrite(fd_, at, size, static_cast<off_t>(bytes_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("written");
    at += written;
    size -= static_cast<size_t>(written);
    bytes_ += static_cast<uint64_t>(written);
  }
}

void Segment::sync() {
  if (::fdatasync(fd_) != 0) fail("synced");
}

void Segment::close() {
  if (fd_ < 0) return;
  // Gives back what was reserved and not used.
  [[maybe_unused]] const int ignored = ::ftruncate(fd_, static_cast<off_t>(bytes_));
  ::close(fd_);
  fd_ = -1;
}

FolderLock::FolderLock(const std::string& dir, const std::string& instance_id) {
  const std::string path = dir + "/" + instance_id + ".lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd_ < 0) throw Fault{"share log lock " + path + " cannot be opened: " + system_reason(errno)};
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd_);
    throw Fault{"share log of instance " + instance_id + " in " + dir +
                " is written by another process: stop that one, or give this one an instance id of its own"};
  }
}

FolderLock::~FolderLock() { ::close(fd_); }

}  // namespace otedama::share_log
