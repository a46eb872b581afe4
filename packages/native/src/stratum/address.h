// Internet addresses and networks: what limits, bans and lists go by.
#pragma once

#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otedama::stratum {

// IPv4 addresses are held mapped into IPv6 (::ffff:a.b.c.d), so that there is one kind.
struct Address {
  std::array<uint8_t, 16> bytes{};

  bool operator==(const Address&) const = default;
  bool is_ipv4() const;
  std::string text() const;

  // What one subscriber owns: an IPv4 address, or the /64 network of an IPv6 one.
  Address owner() const;

  static std::optional<Address> parse(std::string_view text);
  static Address of(const sockaddr_storage& socket_address);
};

struct AddressHash {
  size_t operator()(const Address& address) const;
};

// A network in CIDR notation; a bare address is a network of one.
struct Network {
  Address base;
  int prefix_bits = 128;

  bool contains(const Address& address) const;
  static std::optional<Network> parse(std::string_view text);
};

bool contains(const std::vector<Network>& networks, const Address& address);

}  // namespace otedama::stratum
