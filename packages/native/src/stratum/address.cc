#include "stratum/address.h"

#include <arpa/inet.h>
#include <string.h>

#include <charconv>
#include <cstring>

namespace otedama::stratum {

namespace {

constexpr std::array<uint8_t, 12> IPV4_PREFIX = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

Address mapped(const void* ipv4) {
  Address address;
  std::memcpy(address.bytes.data(), IPV4_PREFIX.data(), 12);
  std::memcpy(address.bytes.data() + 12, ipv4, 4);
  return address;
}

}  // namespace

bool Address::is_ipv4() const { return std::memcmp(bytes.data(), IPV4_PREFIX.data(), 12) == 0; }

std::string Address::text() const {
  char text[INET6_ADDRSTRLEN];
  const bool ipv4 = is_ipv4();
  inet_ntop(ipv4 ? AF_INET : AF_INET6, bytes.data() + (ipv4 ? 12 : 0), text, sizeof text);
  return text;
}

Address Address::owner() const {
  if (is_ipv4()) return *this;
  Address network = *this;
  std::memset(network.bytes.data() + 8, 0, 8);
  return network;
}

std::optional<Address> Address::parse(std::string_view text) {
  const std::string copy(text);
  Address address;
  if (in_addr ipv4; inet_pton(AF_INET, copy.c_str(), &ipv4) == 1) return mapped(&ipv4);
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

Address Address::of(const sockaddr_storage& socket_address) {
  if (socket_address.ss_family == AF_INET) return mapped(&reinterpret_cast<const sockaddr_in&>(socket_address).sin_addr);
  Address address;
  if (socket_address.ss_family == AF_INET6) {
    std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6&>(socket_address).sin6_addr, 16);
  }
  return address;
}

size_t AddressHash::operator()(const Address& address) const {
  uint64_t words[2];
  std::memcpy(words, address.bytes.data(), 16);
  uint64_t hash = (words[0] ^ 0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd;
  hash = (hash ^ hash >> 32 ^ words[1]) * 0xc4ceb9fe1a85ec53;
  return hash ^ hash >> 29;
}

bool Network::contains(const Address& address) const {
  const auto whole = static_cast<size_t>(prefix_bits / 8);
  if (std::memcmp(address.bytes.data(), base.bytes.data(), whole) != 0) return false;
  const int rest = prefix_bits % 8;
  return rest == 0 || (address.bytes[whole] ^ base.bytes[whole]) >> (8 - rest) == 0;
}

std::optional<Network> Network::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto base = Address::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  Network network{*base, 128};
  if (slash == std::string_view::npos) return network;
  const std::string_view bits = text.substr(slash + 1);
  const auto result = std::from_chars(bits.data(), bits.data() + bits.size(), network.prefix_bits);
  // An IPv4 address written as IPv6 (::ffff:192.0.2.1) has the longer prefix that goes with the notation.
  const int most = text.find(':') == std::string_view::npos ? 32 : 128;
  if (result.ec != std::errc() || result.ptr != bits.data() + bits.size() || network.prefix_bits < 0 || network.prefix_bits > most) {
    return std::nullopt;
  }
  network.prefix_bits += 128 - most;
  return network;
}

bool contains(const std::vector<Network>& networks, const Address& address) {
  for (const Network& network : networks) {
    if (network.contains(address)) return true;
  }
  return false;
}

}  // namespace otedama::stratum
