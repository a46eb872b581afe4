// Memory nodes of the machine and which CPUs of this process's allowance lie on them.
#pragma once

#include <vector>

namespace otedama::miner {

// CPUs this process may run on.
std::vector<int> allowed_cpus();
// The allowed CPUs by memory node, in node order, empty nodes left out. One element on machines with one node.
std::vector<std::vector<int>> cpus_by_node();

// Acts on the calling thread; what the system refuses is left as it was (mining goes on, only less politely).
void pin_to(const std::vector<int>& cpus);
void lower_priority(int nice_value);
void name_thread(const char* name);

}  // namespace otedama::miner
