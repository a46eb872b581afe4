// The PROXY protocol of load balancers, versions 1 and 2 (HAProxy's proxy-protocol.txt): who really connected, before the first line.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "stratum/address.h"

namespace otedama::stratum {

struct ProxyHeader {
  enum class State { incomplete, bad, complete } state = State::incomplete;
  // Length of the header; what follows is the miner's.
  size_t bytes = 0;
  // None where the balancer speaks for itself (a health check) or does not know.
  std::optional<Address> source;
  uint16_t source_port = 0;
};

// Looks at the beginning of a connection. A header longer than 552 bytes (the largest without private extensions) is bad.
ProxyHeader parse_proxy_header(std::string_view data);

}  // namespace otedama::stratum
