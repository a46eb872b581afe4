/**
 * Everything a person may set, one entry a key: name, bounds, default and the sentence that the reference page and the error messages
 * use. `config.yaml`, the environment and the command line all end here, in that rising precedence.
 */
import { z } from "zod";
import { LogLevel } from "../settings/common.ts";
import { chain, network } from "./areas/chain.ts";
import { api, control_plane, monitoring } from "./areas/dashboard.ts";
import { database } from "./areas/database.ts";
import { mining } from "./areas/mining.ts";
import { notices } from "./areas/notices.ts";
import { payouts } from "./areas/payouts.ts";
import { p2p_pool } from "./areas/pool.ts";
import { releases } from "./areas/releases.ts";
import { reference_signer, signer } from "./areas/signer.ts";
import { stratum } from "./areas/stratum.ts";

export const MODES = ["auto", "solo", "pool", "miner", "signer"] as const;

export const ConfigSchema = z.strictObject({
  mode: z
    .enum(MODES)
    .default("auto")
    .describe(
      "What this machine does. `auto` runs everything: dashboard, pool, a miner and, without `chain.nodes`, a development chain. " +
        "`solo` is the same for this machine alone: no fee. `pool` runs dashboard and pool without a miner. `miner` only mines at `mining.pools`, `signer` only signs payouts.",
    ),
  log_level: LogLevel.default("info").describe("How much the processes write to their logs."),
  data_dir: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .meta({ default_text: "`.otedama` in the checkout" })
    .describe("Where everything that must survive a restart is kept."),
  network,
  mining,
  api,
  monitoring,
  p2p_pool,
  payouts,
  stratum,
  notices,
  releases,
  control_plane,
  database,
  chain,
  signer,
  reference_signer,
});

export type Config = z.output<typeof ConfigSchema>;
export type ConfigInput = z.input<typeof ConfigSchema>;
