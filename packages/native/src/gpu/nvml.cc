#include "gpu/nvml.h"

#include <dlfcn.h>

#include <algorithm>
#include <map>
#include <mutex>

namespace otedama::gpu {
namespace {

// The part of NVML's interface that is used here, by its reference manual: every function returns 0 for success.
using Device = void*;
constexpr unsigned TEMPERATURE_GPU = 0;
constexpr unsigned CLOCK_GRAPHICS = 0, CLOCK_MEMORY = 2;
constexpr unsigned DEVICES_MAX = 64;
struct Memory {
  unsigned long long total, free, used;
};

struct Library {
  int (*init)();
  int (*device_count)(unsigned*);
  int (*device)(unsigned, Device*);
  int (*name)(Device, char*, unsigned);
  int (*uuid)(Device, char*, unsigned);
  int (*temperature)(Device, unsigned, unsigned*);
  int (*fan_speed)(Device, unsigned*);
  int (*power_usage)(Device, unsigned*);
  int (*power_limit)(Device, unsigned*);
  int (*clock)(Device, unsigned, unsigned*);
  int (*memory)(Device, Memory*);
  bool ready = false;
};

template <typename Function>
void find(void* handle, const char* symbol, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, symbol));
}

// Loaded and begun once for each path, and kept: the driver starts slowly. A machine without it is asked again at each reading, which
// costs one failed lookup, so that a driver installed later is found.
Library& library_at(const std::string& path) {
  static std::map<std::string, Library> libraries;
  Library& library = libraries[path];
  if (library.ready) return library;
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) return library;
  find(handle, "nvmlInit_v2", library.init);
  find(handle, "nvmlDeviceGetCount_v2", library.device_count);
  find(handle, "nvmlDeviceGetHandleByIndex_v2", library.device);
  find(handle, "nvmlDeviceGetName", library.name);
  find(handle, "nvmlDeviceGetUUID", library.uuid);
  find(handle, "nvmlDeviceGetTemperature", library.temperature);
  find(handle, "nvmlDeviceGetFanSpeed", library.fan_speed);
  find(handle, "nvmlDeviceGetPowerUsage", library.power_usage);
  find(handle, "nvmlDeviceGetEnforcedPowerLimit", library.power_limit);
  find(handle, "nvmlDeviceGetClockInfo", library.clock);
  find(handle, "nvmlDeviceGetMemoryInfo", library.memory);
  library.ready = library.init && library.device_count && library.device && library.init() == 0;
  if (!library.ready) dlclose(handle);
  return library;
}

std::string text(int (*read)(Device, char*, unsigned), Device device) {
  char buffer[96] = {};
  if (!read || read(device, buffer, sizeof buffer) != 0) return "";
  buffer[sizeof buffer - 1] = '\0';
  return buffer;
}

std::optional<double> number(int (*read)(Device, unsigned*), Device device, double divisor) {
  unsigned value = 0;
  if (!read || read(device, &value) != 0) return std::nullopt;
  return value / divisor;
}

std::optional<double> number(int (*read)(Device, unsigned, unsigned*), Device device, unsigned which) {
  unsigned value = 0;
  if (!read || read(device, which, &value) != 0) return std::nullopt;
  return value;
}

}  // namespace

std::vector<NvmlDevice> read_nvml(const char* path) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  const Library& library = library_at(path);
  unsigned count = 0;
  std::vector<NvmlDevice> devices;
  if (!library.ready || library.device_count(&count) != 0) return devices;
  for (unsigned i = 0; i < std::min(count, DEVICES_MAX); i++) {
    Device handle = nullptr;
    NvmlDevice device;
    // A card that fell off the bus keeps its place, so that the others keep their names.
    if (library.device(i, &handle) == 0) {
      device.name = text(library.name, handle);
      device.uuid = text(library.uuid, handle);
      device.temperature_c = number(library.temperature, handle, TEMPERATURE_GPU);
      device.fan_percent = number(library.fan_speed, handle, 1.0);
      device.power_watts = number(library.power_usage, handle, 1000.0);
      device.power_limit_watts = number(library.power_limit, handle, 1000.0);
      device.graphics_mhz = number(library.clock, handle, CLOCK_GRAPHICS);
      device.memory_mhz = number(library.clock, handle, CLOCK_MEMORY);
      Memory memory{};
      if (library.memory && library.memory(handle, &memory) == 0) {
        device.memory_total_bytes = memory.total;
        device.memory_used_bytes = memory.used;
      }
    }
    devices.push_back(std::move(device));
  }
  return devices;
}

}  // namespace otedama::gpu
