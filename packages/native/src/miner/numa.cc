#include "miner/numa.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace otedama::miner {
namespace {

// The kernel's list format: `0-3,8,10-11`.
std::vector<int> parse_list(const std::string& text) {
  std::vector<int> numbers;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    int first = 0, last = 0;
    std::istringstream range(part);
    if (!(range >> first)) continue;
    last = first;
    if (range.peek() == '-') {
      range.get();
      range >> last;
    }
    for (int n = first; n <= last && n - first < 4096; n++) numbers.push_back(n);
  }
  return numbers;
}

std::vector<int> read_list(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) ? parse_list(line) : std::vector<int>{};
}

#if defined(__linux__)
// A set large enough for any machine this runs on, without the fixed size of cpu_set_t.
constexpr int CPUS_MAX = 8192;
#endif

}  // namespace

std::vector<int> allowed_cpus() {
  std::vector<int> cpus;
#if defined(__linux__)
  cpu_set_t* set = CPU_ALLOC(CPUS_MAX);
  const size_t bytes = CPU_ALLOC_SIZE(CPUS_MAX);
  if (set && sched_getaffinity(0, bytes, set) == 0) {
    for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
      if (CPU_ISSET_S(cpu, bytes, set)) cpus.push_back(cpu);
    }
  }
  CPU_FREE(set);
#endif
  if (cpus.empty()) {
    for (unsigned cpu = 0; cpu < std::max(1u, std::thread::hardware_concurrency()); cpu++) cpus.push_back(static_cast<int>(cpu));
  }
  return cpus;
}

std::vector<std::vector<int>> cpus_by_node() {
  const std::vector<int> allowed = allowed_cpus();
  std::vector<std::vector<int>> nodes;
  for (const int node : read_list("/sys/devices/system/node/online")) {
    std::vector<int> cpus;
    for (const int cpu : read_list("/sys/devices/system/node/node" + std::to_string(node) + "/cpulist")) {
      if (std::find(allowed.begin(), allowed.end(), cpu) != allowed.end()) cpus.push_back(cpu);
    }
    if (!cpus.empty()) nodes.push_back(std::move(cpus));
  }
  if (nodes.empty()) nodes.push_back(allowed);
  return nodes;
}

#if defined(__linux__)
void pin_to(const std::vector<int>& cpus) {
  cpu_set_t* set = CPU_ALLOC(CPUS_MAX);
  if (!set) return;
  const size_t bytes = CPU_ALLOC_SIZE(CPUS_MAX);
  CPU_ZERO_S(bytes, set);
  for (const int cpu : cpus) CPU_SET_S(cpu, bytes, set);
  sched_setaffinity(0, bytes, set);
  CPU_FREE(set);
}

// On Linux a thread has a nice value of its own.
void lower_priority(int nice_value) { setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), nice_value); }

void name_thread(const char* name) { pthread_setname_np(pthread_self(), name); }
#else
void pin_to(const std::vector<int>&) {}
void lower_priority(int) {}
void name_thread(const char*) {}
#endif

}  // namespace otedama::miner
