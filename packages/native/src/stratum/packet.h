// Messages between two engines of one machine, over a Unix socket that keeps their borders: plain values in memory order (both ends are
// the same architecture), and at most one descriptor beside them.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace otedama::stratum {

class PacketWriter {
 public:
  explicit PacketWriter(char type) { bytes_.push_back(type); }

  template <typename Value>
  PacketWriter& put(const Value& value) {
    static_assert(std::is_trivially_copyable_v<Value>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  PacketWriter& put_bytes(std::string_view bytes) {
    put(static_cast<uint32_t>(bytes.size()));
    bytes_ += bytes;
    return *this;
  }
  template <typename Value>
  PacketWriter& put_list(const Value* values, size_t count) {
    static_assert(std::is_trivially_copyable_v<Value>);
    return put_bytes({reinterpret_cast<const char*>(values), count * sizeof(Value)});
  }

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Throws std::runtime_error where a packet is shorter than what is asked of it.
class PacketReader {
 public:
  explicit PacketReader(std::string_view bytes) : rest_(bytes) {}

  template <typename Value>
  Value get() {
    static_assert(std::is_trivially_copyable_v<Value>);
    Value value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string_view get_bytes() { return take(get<uint32_t>()); }
  template <typename Value>
  std::vector<Value> get_list() {
    const std::string_view bytes = get_bytes();
    std::vector<Value> values(bytes.size() / sizeof(Value));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(Value));
    return values;
  }

 private:
  std::string_view take(size_t bytes) {
    if (bytes > rest_.size()) throw std::runtime_error("the other engine sent a message that is too short");
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }

  std::string_view rest_;
};

// One end of the socket. Every call throws std::runtime_error where the other end is gone or silent for too long.
class PacketSocket {
 public:
  explicit PacketSocket(int fd);
  PacketSocket(const PacketSocket&) = delete;
  PacketSocket& operator=(const PacketSocket&) = delete;
  ~PacketSocket();

  void send(const PacketWriter& packet, int descriptor = -1);
  // The packet without its type, which is returned; `descriptor` is -1 where none came.
  char receive(std::string& packet, int& descriptor);

  // Largest packet.
  static constexpr size_t BYTES_MAX = 160 << 10;

 private:
  int fd_;
  std::vector<char> buffer_;
};

// Listens at a path that only this user may use. Throws std::runtime_error.
int listen_at(const std::string& path);
// Throws std::runtime_error where nobody listens there.
int connect_to(const std::string& path);

}  // namespace otedama::stratum
