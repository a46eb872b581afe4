/** The engine's options from the pool's settings; what is no setting yet is decided here. */
import { join } from "node:path";
import type { EngineOptions } from "@otedama/native/engine-types";
import type { PoolSettings } from "@otedama/shared";

export function engineOptions(settings: PoolSettings): EngineOptions {
  const { stratum } = settings;
  return {
    listen: stratum.listen,
    threads: stratum.threads,
    extranonce_prefix: settings.extranonce_prefix,
    version_mask: Number.parseInt(stratum.version_mask, 16),
    ack: stratum.ack,
    vardiff: {
      enabled: stratum.var_diff,
      initial: stratum.initial_diff,
      min: stratum.min_diff,
      max: stratum.max_diff,
      target_interval_s: stratum.target_time_s,
    },
    share_log: {
      dir: join(settings.data_dir, "shares"),
      instance_id: settings.instance_id,
      segment_bytes_max: 64 * 1024 * 1024,
    },
    limits: {
      connections_max: stratum.connections_max,
      connections_per_address_max: stratum.connections_per_address_max,
      connects_per_address_per_s: 200,
      line_bytes_max: 8 * 1024,
      output_bytes_max: 256 * 1024,
      messages_per_s: 200,
      handshake_timeout_s: 30,
      idle_timeout_s: 600,
      ban_invalid_ratio: 0.5,
      ban_after_shares: 500,
      ban_s: 300,
    },
  };
}
