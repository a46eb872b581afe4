#include "stratum/proxy_protocol.h"

#include <array>
#include <charconv>
#include <cstring>

namespace otedama::stratum {

namespace {

using State = ProxyHeader::State;

constexpr std::string_view SIGNATURE_2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view SIGNATURE_1 = "PROXY ";
constexpr size_t HEADER_1_BYTES_MAX = 107;
constexpr size_t HEADER_2_BYTES_MAX = 552;

ProxyHeader bad() { return {State::bad, 0, std::nullopt, 0}; }

bool parse_port(std::string_view text, uint16_t& port) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), port);
  return !text.empty() && result.ec == std::errc() && result.ptr == text.data() + text.size();
}

// "PROXY TCP4 198.51.100.7 203.0.113.1 51234 3333\r\n"
ProxyHeader parse_1(std::string_view data) {
  const size_t end = data.substr(0, HEADER_1_BYTES_MAX).find("\r\n");
  if (end == std::string_view::npos) return data.size() >= HEADER_1_BYTES_MAX ? bad() : ProxyHeader{};
  ProxyHeader header{State::complete, end + 2, std::nullopt, 0};
  std::string_view rest = data.substr(SIGNATURE_1.size(), end - SIGNATURE_1.size());
  if (rest.starts_with("UNKNOWN")) return header;
  std::array<std::string_view, 5> words;
  for (size_t i = 0; i < words.size(); i++) {
    const size_t space = rest.find(' ');
    if ((space == std::string_view::npos) != (i + 1 == words.size())) return bad();
    words[i] = rest.substr(0, space);
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
  }
  header.source = Address::parse(words[1]);
  const bool ipv4 = words[0] == "TCP4";
  if ((!ipv4 && words[0] != "TCP6") || !header.source || (ipv4 && !header.source->is_ipv4())) return bad();
  uint16_t target_port;
  if (!Address::parse(words[2]) || !parse_port(words[3], header.source_port) || !parse_port(words[4], target_port)) return bad();
  return header;
}

// Signature, version and command, family and protocol, length (big-endian), addresses, extensions.
ProxyHeader parse_2(std::string_view data) {
  if (data.size() < 16) return {};
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(data[at]); };
  const size_t length = size_t{byte(14)} << 8 | byte(15);
  const uint8_t command = byte(12);
  if (command != 0x20 && command != 0x21) return bad();
  if (16 + length > HEADER_2_BYTES_MAX) return bad();
  if (data.size() < 16 + length) return {};
  ProxyHeader header{State::complete, 16 + length, std::nullopt, 0};
  if (command == 0x20 || byte(13) == 0x00) return header;
  if (byte(13) == 0x11 && length >= 12) {
    Address address;
    address.bytes[10] = address.bytes[11] = 0xff;
    std::memcpy(address.bytes.data() + 12, data.data() + 16, 4);
    header.source = address;
    header.source_port = static_cast<uint16_t>(byte(24) << 8 | byte(25));
    return header;
  }
  if (byte(13) == 0x21 && length >= 36) {
    Address address;
    std::memcpy(address.bytes.data(), data.data() + 16, 16);
    header.source = address;
    header.source_port = static_cast<uint16_t>(byte(48) << 8 | byte(49));
    return header;
  }
  return bad();
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view data) {
  const auto begins = [&](std::string_view signature) { return data.substr(0, signature.size()) == signature.substr(0, data.size()); };
  if (begins(SIGNATURE_2)) return data.size() < SIGNATURE_2.size() ? ProxyHeader{} : parse_2(data);
  if (begins(SIGNATURE_1)) return data.size() < SIGNATURE_1.size() ? ProxyHeader{} : parse_1(data);
  return bad();
}

}  // namespace otedama::stratum
