// User agents, each kept once: a million miners run a few hundred firmwares.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace otedama::stratum {

class Agents {
 public:
  static constexpr size_t NAMES_MAX = 4096;
  static constexpr size_t NAME_BYTES_MAX = 96;

  // 0 is the empty name, also for what comes after the table is full.
  uint32_t intern(std::string_view name) {
    const std::string key(name.substr(0, utf8_prefix(name)));
    std::lock_guard guard(mutex_);
    if (key.empty()) return 0;
    const auto found = numbers_.find(key);
    if (found != numbers_.end()) return found->second;
    if (names_.size() >= NAMES_MAX) return 0;
    names_.push_back(key);
    const auto number = static_cast<uint32_t>(names_.size() - 1);
    numbers_.emplace(key, number);
    return number;
  }

  std::string name(uint32_t number) const {
    std::lock_guard guard(mutex_);
    return names_[number];
  }

 private:
  // As many bytes as the bound allows without cutting a character in two.
  static size_t utf8_prefix(std::string_view name) {
    if (name.size() <= NAME_BYTES_MAX) return name.size();
    size_t bytes = NAME_BYTES_MAX;
    while (bytes > 0 && (static_cast<uint8_t>(name[bytes]) & 0xc0) == 0x80) bytes--;
    return bytes;
  }

  mutable std::mutex mutex_;
  std::vector<std::string> names_{""};
  std::unordered_map<std::string, uint32_t> numbers_;
};

}  // namespace otedama::stratum
