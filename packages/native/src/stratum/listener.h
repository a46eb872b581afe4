// Listening sockets: one for each loop on the same address, between which the kernel spreads connections.
#pragma once

#include <cstdint>
#include <vector>

#include "stratum/options.h"

namespace otedama::stratum {

struct BoundAddress {
  Listen bound;
  // One descriptor for each loop.
  std::vector<int> descriptors;
};

// Throws std::runtime_error with a sentence that names the address where it is taken or cannot be had.
BoundAddress bind_listeners(const Listen& wanted, uint32_t count);

}  // namespace otedama::stratum
