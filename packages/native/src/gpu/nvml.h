// NVIDIA's management library, found at run time: nothing is linked, and a machine without it has no such GPU.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otedama::gpu {

// What the driver does not say stays empty.
struct NvmlDevice {
  std::string name;
  std::string uuid;
  std::optional<double> temperature_c;
  std::optional<double> fan_percent;
  std::optional<double> power_watts;
  std::optional<double> power_limit_watts;
  std::optional<double> graphics_mhz;
  std::optional<double> memory_mhz;
  std::optional<uint64_t> memory_total_bytes;
  std::optional<uint64_t> memory_used_bytes;
};

// Reads every device. Empty where the library or the driver is absent. Blocks for as long as the driver does.
std::vector<NvmlDevice> read_nvml(const char* library);

}  // namespace otedama::gpu
