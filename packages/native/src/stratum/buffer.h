// Byte buffers that exist only while bytes wait: an idle connection has none. Each loop keeps a few spare ones by size.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <vector>

namespace otedama::stratum {

struct Buffer {
  uint32_t start;
  uint32_t end;
  uint32_t capacity;

  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  uint32_t size() const { return end - start; }
  std::string_view view() { return {bytes() + start, size()}; }
};

class BufferPool {
 public:
  BufferPool() = default;
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool() {
    for (auto& list : spare_) {
      for (Buffer* buffer : list) std::free(buffer);
    }
  }

  // Empty, with room for at least `bytes`.
  Buffer* get(size_t bytes) {
    const size_t kind = kind_of(bytes);
    if (kind < KINDS && !spare_[kind].empty()) {
      Buffer* buffer = spare_[kind].back();
      spare_[kind].pop_back();
      buffer->start = buffer->end = 0;
      return buffer;
    }
    const size_t capacity = kind < KINDS ? SMALLEST << (2 * kind) : bytes;
    auto* buffer = static_cast<Buffer*>(std::malloc(sizeof(Buffer) + capacity));
    if (!buffer) throw std::bad_alloc();
    *buffer = {0, 0, static_cast<uint32_t>(capacity)};
    return buffer;
  }

  void put(Buffer* buffer) {
    if (!buffer) return;
    const size_t kind = kind_of(buffer->capacity);
    if (kind < KINDS && spare_[kind].size() < SPARE_BYTES_MAX / buffer->capacity) {
      spare_[kind].push_back(buffer);
    } else {
      std::free(buffer);
    }
  }

  // Appends, making or growing the buffer as needed.
  void append(Buffer*& buffer, const char* data, size_t bytes) {
    if (!buffer) {
      buffer = get(bytes);
    } else if (buffer->capacity - buffer->end < bytes) {
      Buffer* larger = get(std::max<size_t>(buffer->size() + bytes, size_t{buffer->capacity} * 2));
      std::memcpy(larger->bytes(), buffer->bytes() + buffer->start, buffer->size());
      larger->end = buffer->size();
      put(buffer);
      buffer = larger;
    }
    std::memcpy(buffer->bytes() + buffer->end, data, bytes);
    buffer->end += static_cast<uint32_t>(bytes);
  }

 private:
  // 256 bytes, 1, 4, 16 and 64 KiB; larger ones are not kept.
  static constexpr size_t SMALLEST = 256;
  static constexpr size_t KINDS = 5;
  static constexpr size_t SPARE_BYTES_MAX = 256 << 10;

  static size_t kind_of(size_t bytes) {
    size_t kind = 0;
    while (kind < KINDS && SMALLEST << (2 * kind) < bytes) kind++;
    return kind;
  }

  std::array<std::vector<Buffer*>, KINDS> spare_;
};

}  // namespace otedama::stratum
