// Segment files: their names, their recovery, and one open for appending.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "share_log/record.h"

namespace otedama::share_log {

// An operating error in words for a person, with the system's reason.
struct Fault {
  std::string message;
};

// Where to go on after what a last run left.
struct Position {
  uint64_t segment = 1;
  // Good bytes of that segment; 0 where it has to be made.
  uint64_t bytes = 0;
  uint64_t last_sequence = 0;
};

// Makes the folder where it is missing, cuts a torn tail off the newest segment and returns where to go on. Throws Fault.
Position recover(const std::string& dir, const std::string& instance_id);

// Appends to one segment. Every call throws Fault where the system refuses; the file is then cut back by `reopen`.
class Segment {
 public:
  Segment(std::string dir, std::string instance_id) : dir_(std::move(dir)), instance_id_(std::move(instance_id)) {}
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  ~Segment() { close(); }

  // Opens at `bytes`, cutting off whatever follows, or makes the segment with its header where `bytes` is 0. On disk when it returns.
  void open(uint64_t number, uint64_t bytes);
  void append(std::span<const Record> records);
  void sync();
  void close();

  uint64_t number() const { return number_; }
  uint64_t bytes() const { return bytes_; }

 private:
  void write_all(const void* data, size_t size);
  [[noreturn]] void fail(const char* doing) const;

  std::string dir_;
  std::string instance_id_;
  int fd_ = -1;
  uint64_t number_ = 0;
  uint64_t bytes_ = 0;
  uint64_t reserved_ = 0;
};

// Holds `<instance_id>.lock` for the life of the object, so that two processes never write one log. Throws Fault.
class FolderLock {
 public:
  FolderLock(const std::string& dir, const std::string& instance_id);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  int fd_;
};

}  // namespace otedama::share_log
