/** The engine's options from the pool's settings; what is no setting yet is decided here. */
import { join } from "node:path";
import type { EngineOptions, VardiffOptions } from "@otedama/native/engine-types";
import type { PoolPolicy, PoolSettings } from "@otedama/shared";

/** Bounds and pace from the policy; whether difficulty moves at all is the settings file's. */
export function vardiffOptions(settings: PoolSettings, { difficulty }: PoolPolicy): VardiffOptions {
  const { initial, min, max, target_time_s } = difficulty;
  return { enabled: settings.stratum.var_diff, initial, min, max, target_interval_s: target_time_s };
}

export function engineOptions(settings: PoolSettings): EngineOptions {
  const { stratum } = settings;
  return {
    listen: stratum.listen,
    threads: stratum.threads,
    extranonce_prefix: settings.extranonce_prefix,
    version_mask: Number.parseInt(stratum.version_mask, 16),
    ack: stratum.ack,
    vardiff: vardiffOptions(settings, settings.policy),
    share_log: {
      dir: join(settings.data_dir, "shares"),
      instance_id: settings.instance_id,
      segment_bytes_max: 64 * 1024 * 1024,
    },
    limits: {
      connections_max: stratum.connections_max,
      connections_per_address_max: stratum.connections_per_address_max,
      connects_per_address_per_s: stratum.connects_per_address_per_s,
      line_bytes_max: 8 * 1024,
      output_bytes_max: 256 * 1024,
      messages_per_s: stratum.messages_per_s,
      workers_per_connection_max: stratum.workers_per_connection_max,
      handshake_timeout_s: stratum.handshake_timeout_s,
      idle_timeout_s: stratum.idle_timeout_s,
      slow_reader_timeout_s: stratum.slow_reader_timeout_s,
      ban_invalid_ratio: stratum.ban_invalid_ratio,
      ban_after_shares: stratum.ban_after_shares,
      ban_s: stratum.ban_s,
    },
    allow: stratum.allow,
    deny: stratum.deny,
    trusted_proxies: stratum.trusted_proxies,
    ...(stratum.tls && { tls: { connections_max: stratum.tls.connections_max } }),
  };
}
