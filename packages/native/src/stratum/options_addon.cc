#include "stratum/options_addon.h"

#include "napi_values.h"
#include "vardiff/vardiff_addon.h"

namespace otedama::stratum {

using napi_values::number;
using napi_values::number_u32;
using napi_values::text;

namespace {

std::vector<Network> networks(const Napi::Object& object, const char* name) {
  std::vector<Network> list;
  const auto array = object.Get(name).As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) {
    const std::string network_text = array.Get(i).ToString().Utf8Value();
    const auto network = Network::parse(network_text);
    if (!network) {
      throw Napi::RangeError::New(object.Env(), std::string(name) + " holds \"" + network_text + "\", which is not a network such as 10.0.0.0/8");
    }
    list.push_back(*network);
  }
  return list;
}

Limits limits_of(const Napi::Object& object) {
  Limits limits;
  limits.connections_max = number_u32(object, "connections_max");
  limits.connections_per_address_max = number_u32(object, "connections_per_address_max");
  limits.connects_per_address_per_s = number(object, "connects_per_address_per_s");
  limits.line_bytes_max = number_u32(object, "line_bytes_max");
  limits.workers_per_connection_max = number_u32(object, "workers_per_connection_max");
  limits.output_bytes_max = number_u32(object, "output_bytes_max");
  limits.messages_per_s = number(object, "messages_per_s");
  limits.handshake_timeout_ms = static_cast<int64_t>(number(object, "handshake_timeout_s") * 1000);
  limits.idle_timeout_ms = static_cast<int64_t>(number(object, "idle_timeout_s") * 1000);
  limits.slow_reader_timeout_ms = static_cast<int64_t>(number(object, "slow_reader_timeout_s") * 1000);
  limits.ban_invalid_ratio = number(object, "ban_invalid_ratio");
  limits.ban_after_shares = number_u32(object, "ban_after_shares");
  limits.ban_s = number(object, "ban_s");
  return limits;
}

}  // namespace

Options options_of(const Napi::Object& object) {
  Options options;
  const auto listen = object.Get("listen").As<Napi::Array>();
  for (uint32_t i = 0; i < listen.Length(); i++) {
    const auto address = listen.Get(i).As<Napi::Object>();
    options.listen.push_back({text(address, "host"), static_cast<uint16_t>(number_u32(address, "port"))});
  }
  options.threads = number_u32(object, "threads");
  options.extranonce_prefix = static_cast<uint16_t>(number_u32(object, "extranonce_prefix"));
  options.version_mask = number_u32(object, "version_mask");
  options.ack_durable = text(object, "ack") == "durable";
  const auto vardiff_object = object.Get("vardiff").As<Napi::Object>();
  options.vardiff = vardiff::options_of(vardiff_object);
  options.initial_difficulty = number(vardiff_object, "initial");
  const auto log = object.Get("share_log").As<Napi::Object>();
  options.share_log.dir = text(log, "dir");
  options.share_log.instance_id = text(log, "instance_id");
  options.share_log.segment_bytes_max = static_cast<uint64_t>(number(log, "segment_bytes_max"));
  // Where answers do not wait for the disk, it is asked less often.
  options.share_log.gather_ms = options.ack_durable ? 0 : share_log::GATHER_FAST_MS;
  options.limits = limits_of(object.Get("limits").As<Napi::Object>());
  options.allow = networks(object, "allow");
  options.deny = networks(object, "deny");
  options.trusted_proxies = networks(object, "trusted_proxies");
  options.tls_connections_max = number_u32(object.Get("tls").As<Napi::Object>(), "connections_max");
  return options;
}

}  // namespace otedama::stratum
