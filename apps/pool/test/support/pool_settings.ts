import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PoolPolicy, PoolSettings } from "@otedama/shared";
import { HALVING_INTERVAL_BLOCKS } from "@otedama/simulator/chain";
import { poolPolicy } from "./pool_policy.ts";

/** BIP 173's example key on regtest. */
export const POOL_ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";

export interface TestPool {
  node_url: string;
  rpc_user: string;
  rpc_password: string;
  database_url: string;
  /** Of every share. */
  difficulty: number;
  maturity_confirmations?: number;
  hub?: { url: string; token: string } | null;
  data_dir?: string;
  policy?: Partial<PoolPolicy>;
}

/** Settings of a pool on free ports, in a folder of its own. */
export function poolSettings(test: TestPool): PoolSettings {
  return PoolSettings.parse({
    data_dir: test.data_dir ?? mkdtempSync(join(tmpdir(), "otedama-pool-")),
    log_level: "warn",
    instance_id: "pool-a",
    extranonce_prefix: 1,
    network: "regtest",
    halving_interval_blocks: HALVING_INTERVAL_BLOCKS,
    nodes: [{ url: test.node_url, user: test.rpc_user, password: test.rpc_password }],
    stratum: {
      listen: [{ host: "127.0.0.1", port: 0 }],
      threads: 1,
      var_diff: false,
    },
    pool: {
      name: "test",
      payout_address: POOL_ADDRESS,
      maturity_confirmations: test.maturity_confirmations ?? 3,
    },
    policy: poolPolicy({
      pplns_window: 100,
      difficulty: { initial: test.difficulty, min: test.difficulty, max: 1_000_000, target_time_s: 1 },
      ...test.policy,
    }),
    database_url: test.database_url,
    hub: test.hub ?? null,
    metrics: { host: "127.0.0.1", port: 0 },
  });
}
