/**
 * What the control plane's procedures answer: one schema each for tRPC, REST and the screens. Amounts are satoshis as
 * safe integers, times Unix milliseconds, hashrates hashes a second over the window in the name.
 */
import { z } from "zod";
import { DesiredReport, FlightSheet, ProofState } from "../wire/agents/desired.ts";
import { AgentReport, DeviceReport } from "../wire/agents/telemetry.ts";
import { Count, Hashrate, ShareCounts, UnixMs } from "../wire/common.ts";
import { NodeReport } from "../wire/nodes.ts";
import { PartHealth, PoolSnapshot } from "../wire/pools.ts";
import { ExplainedBalanceDto, LedgerCause, LedgerEntryDto } from "./ledger.ts";

export const WINDOWS = { "1h": 3_600, "6h": 21_600, "24h": 86_400, "7d": 604_800, "30d": 2_592_000, "1y": 31_536_000 } as const;
export const Window = z.enum(["1h", "6h", "24h", "7d", "30d", "1y"]);
export type Window = z.infer<typeof Window>;

export const Sats = z.int();

/** What people look for. PostgreSQL's text cannot hold NUL. */
export const SearchText = z
  .string()
  .max(128)
  .refine((text) => !text.includes("\0"), "must not contain NUL");

/** Hashrate over time: `at_ms[i]` begins a step of `step_s`; null is a gap (nothing was measured). */
export const HashrateSeries = z.strictObject({
  step_s: z.int().min(1),
  at_ms: z.array(UnixMs),
  hashrate_hps: z.array(Hashrate.nullable()),
});
export type HashrateSeries = z.infer<typeof HashrateSeries>;

export const BLOCK_STATES = ["found", "pending", "confirmed", "orphaned", "rejected"] as const;
export const BlockState = z.enum(BLOCK_STATES);
export type BlockState = z.infer<typeof BlockState>;

export const BlockDto = z.strictObject({
  hash: z.string().length(64),
  height: Count,
  state: BlockState,
  found_at_ms: UnixMs,
  confirmations: Count,
  /** Confirmations at which it is confirmed. */
  maturity_confirmations: Count,
  reward_sats: Sats,
  fees_sats: Sats,
  network_difficulty: z.number(),
  /** Work spent on it / expected work; below 1 is lucky. */
  effort: z.number(),
  transactions: Count,
  worker_id: z.int().nullable(),
  worker_name: z.string(),
  account_address: z.string(),
  /** Why a node refused it or what replaced it. */
  note: z.string().nullable(),
});
export type BlockDto = z.infer<typeof BlockDto>;

/** A part of a block's reward; `account_id` is null for the pool's own. */
export const CreditDto = z.strictObject({
  account_address: z.string(),
  account_id: z.int().nullable(),
  kind: z.enum(["miner", "fee", "reserve", "other"]),
  amount_sats: Sats,
});
export type CreditDto = z.infer<typeof CreditDto>;

/** Parts of a reward by size, a page of them; `sum_sats` is of all. */
export const CreditsPage = z.strictObject({ total: Count, sum_sats: Sats, rows: z.array(CreditDto) });
export type CreditsPage = z.infer<typeof CreditsPage>;

/** What one node answered when the block was handed to it. */
export const BlockSubmissionDto = z.strictObject({
  node: z.string(),
  result: z.enum(["accepted", "rejected", "unsure", "away"]),
  answer: z.string().nullable(),
  attempts: Count,
  first_at_ms: UnixMs,
  answered_at_ms: UnixMs.nullable(),
  latency_ms: z.number().nullable(),
});
export type BlockSubmissionDto = z.infer<typeof BlockSubmissionDto>;

export const BlockDetailDto = BlockDto.extend({
  prev_hash: z.string().length(64),
  coinbase_txid: z.string().length(64),
  size_bytes: Count,
  share_difficulty: z.number(),
  round_work_hashes: z.number(),
  instance_id: z.string(),
  /** What it was shared out by; null for a block that has no policy yet. */
  policy: z.strictObject({ version: z.int(), scheme: z.string() }).nullable(),
  /** Null for a block of which the pool's files tell nothing yet. */
  coinbase: z
    .strictObject({
      text: z.string(),
      template_node: z.string().nullable(),
      template_at_ms: UnixMs.nullable(),
      outputs: z.array(z.strictObject({ script_hex: z.string(), address: z.string().nullable(), value_sats: Sats })),
    })
    .nullable(),
  submissions: z.array(BlockSubmissionDto),
  /** Each change of its state, oldest first. */
  moves: z.array(z.strictObject({ at_ms: UnixMs, from_state: BlockState, to_state: BlockState, note: z.string().nullable() })),
  /** Each ledger entry that it caused, oldest first. */
  entries: z.array(LedgerEntryDto),
  /** The first page of what its newest credit gave. */
  credits: CreditsPage,
});
export type BlockDetailDto = z.infer<typeof BlockDetailDto>;

export const WorkerState = z.enum(["mining", "idle", "offline"]);
export type WorkerState = z.infer<typeof WorkerState>;
export const WorkerDto = z.strictObject({
  id: z.int(),
  account_id: z.int(),
  account_address: z.string(),
  /** Part after the first dot of the login; "default" when there is none. */
  name: z.string(),
  state: WorkerState,
  connections: Count,
  user_agent: z.string(),
  difficulty: z.number(),
  hashrate_hps: z.strictObject({ m1: Hashrate, m15: Hashrate, d1: Hashrate }),
  shares: ShareCounts,
  last_share_at_ms: UnixMs.nullable(),
  first_seen_at_ms: UnixMs,
});
export type WorkerDto = z.infer<typeof WorkerDto>;
export const WorkerSort = z.enum(["name", "account", "state", "hashrate", "accepted", "rejected", "last_share"]);
export type WorkerSort = z.infer<typeof WorkerSort>;
export const WorkersQuery = z.strictObject({
  q: SearchText.default(""),
  state: WorkerState.nullable().default(null),
  account_id: z.int().min(1).max(2_147_483_647).nullable().default(null),
  sort: WorkerSort.default("hashrate"),
  dir: z.enum(["asc", "desc"]).default("desc"),
  page: z.int().min(1).max(100_000).default(1),
  page_size: z.int().min(1).max(200).default(50),
});
export const WorkersPage = z.strictObject({ total: Count, rows: z.array(WorkerDto) });
export type WorkersQuery = z.infer<typeof WorkersQuery>;
export type WorkersPage = z.infer<typeof WorkersPage>;
export const WorkerDetailDto = WorkerDto.extend({ series: HashrateSeries, window: Window, blocks: z.array(BlockDto) });
export type WorkerDetailDto = z.infer<typeof WorkerDetailDto>;

export const RigState = z.enum(["mining", "waiting", "offline"]);
export type RigState = z.infer<typeof RigState>;
/** A device of an agent of either protocol; what protocol 1 does not tell is null. */
export const RigDeviceDto = DeviceReport.extend({
  hashrate_hps: DeviceReport.shape.hashrate_hps.extend({ s1: Hashrate.nullable() }),
  shares: DeviceReport.shape.shares.nullable(),
});
export type RigDeviceDto = z.infer<typeof RigDeviceDto>;

export const RigDto = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  hostname: z.string(),
  site: z.string(),
  site_id: z.int(),
  building: z.string().nullable(),
  rack: z.string().nullable(),
  rack_id: z.int().nullable(),
  slot: z.int().nullable(),
  state: RigState,
  /** Why it is not mining, in words. */
  message: z.string().nullable(),
  /** 1: known by a token, takes no commands and no sheets. */
  protocol: z.union([z.literal(1), z.literal(2)]),
  version: z.string(),
  release_number: z.int().nullable(),
  os: z.string(),
  arch: z.string(),
  cpu_model: z.string(),
  cpu_cores: z.int(),
  cpu_threads: z.int(),
  numa_nodes: z.int(),
  cpu_features: z.array(z.string()),
  hashrate_hps: z.strictObject({ s10: Hashrate, s60: Hashrate, m15: Hashrate }),
  temperature_c_max: z.number().nullable(),
  power_watts: z.number().nullable(),
  load_1m: z.number().nullable(),
  memory_total_bytes: Count,
  memory_free_bytes: Count,
  uptime_s: z.number().nullable(),
  pool_url: z.string().nullable(),
  pool_user: z.string().nullable(),
  difficulty: z.number().nullable(),
  latency_ms: z.number().nullable(),
  shares: ShareCounts,
  last_seen_at_ms: UnixMs.nullable(),
  devices: z.array(RigDeviceDto),
  /** The sheet that it should mine by; null for its own settings. */
  sheet: z.strictObject({ id: z.int(), name: z.string(), version: z.int() }).nullable(),
  /** Null while nothing is asked of it. */
  proof_state: ProofState.nullable(),
  proof_since_ms: UnixMs.nullable(),
  /** The control plane keeps it from mining, and why. */
  paused_reason: z.string().nullable(),
});
export type RigDto = z.infer<typeof RigDto>;

export const RigEventDto = z.strictObject({
  /** Below zero: noted by the control plane itself. */
  number: z.int(),
  at_ms: UnixMs,
  kind: z.string(),
  severity: z.enum(["info", "warning", "error"]),
  device_id: z.string().nullable(),
  text: z.string(),
});
export type RigEventDto = z.infer<typeof RigEventDto>;

export const RigDetailDto = RigDto.extend({
  window: Window,
  series: HashrateSeries,
  temperature_c: z.array(z.number().nullable()),
  /** SHA-256 of its key in base64, as ssh-keygen writes it; null for protocol 1. */
  key_fingerprint: z.string().nullable(),
  enrolled_at_ms: UnixMs.nullable(),
  retired_at_ms: UnixMs.nullable(),
  /** Its clock less ours; more than a minute is told as a fault. */
  clock_skew_ms: z.int().nullable(),
  reports: z.strictObject({ last_number: Count, lost: Count, refused: Count }),
  groups: z.array(z.strictObject({ id: z.int(), name: z.string() })),
  desired: z
    .strictObject({
      revision: z.int(),
      /** The revision that the agent said it has. */
      held_revision: z.int(),
      content: FlightSheet.nullable(),
      worker_user: z.string().nullable(),
    })
    .nullable(),
  /** What it said of its desired state last; of an older revision than the desired one while it has not read that. */
  proof: DesiredReport.nullable(),
  /** Of protocol 2. */
  machine: AgentReport.pick({
    machine_uptime_s: true,
    disk_total_bytes: true,
    disk_free_bytes: true,
    network: true,
    own: true,
    watchdogs: true,
  }).nullable(),
  /** The newest fifty. */
  events: z.array(RigEventDto),
});
export type RigDetailDto = z.infer<typeof RigDetailDto>;

export const BalanceDto = z.strictObject({
  account_id: z.int(),
  address: z.string(),
  /** Credited from blocks that are not mature. */
  pending_sats: Sats,
  /** Mature and owed. */
  available_sats: Sats,
  /** In payouts that are not settled. */
  paying_sats: Sats,
  paid_sats: Sats,
  workers: Count,
  last_credit_at_ms: UnixMs.nullable(),
});
export type BalanceDto = z.infer<typeof BalanceDto>;
export const BalancesDto = z.strictObject({
  total: Count,
  rows: z.array(BalanceDto),
  pool_fee_pending_sats: Sats,
  pool_fee_available_sats: Sats,
  /** Sum of every posting; anything but 0 is a fault, shown as one. */
  ledger_sum_sats: Sats,
});
export type BalancesDto = z.infer<typeof BalancesDto>;
export const LedgerLineDto = z.strictObject({
  entry_id: z.string(),
  at_ms: UnixMs,
  cause: LedgerCause,
  block_hash: z.string().nullable(),
  block_height: Count.nullable(),
  bucket: z.enum(["pending", "available", "paying", "paid"]),
  amount_sats: Sats,
});
export type LedgerLineDto = z.infer<typeof LedgerLineDto>;
export const AccountDetailDto = BalanceDto.extend({
  explained: z.array(ExplainedBalanceDto),
  lines: z.array(LedgerLineDto),
});
export type AccountDetailDto = z.infer<typeof AccountDetailDto>;

/** Chain nodes as each pool instance sees them: asked for by the screen that shows them, not pushed. */
export const NodesDto = z.strictObject({
  at_ms: UnixMs,
  instances: z.array(
    z.strictObject({
      instance_id: z.string(),
      at_ms: UnixMs,
      job: PoolSnapshot.shape.job,
      refused_jobs: PoolSnapshot.shape.refused_jobs,
      nodes: z.array(NodeReport),
    }),
  ),
});
export type NodesDto = z.infer<typeof NodesDto>;

/** A snapshot without the parts that only one screen shows. */
export const PoolFigures = PoolSnapshot.omit({ nodes: true });
export type PoolFigures = z.infer<typeof PoolFigures>;

/** Pushed to browsers at most twice a second. `pool` is null while no pool is connected. */
export const LiveDto = z.strictObject({
  at_ms: UnixMs,
  pool: PoolFigures.nullable(),
  /** When the last snapshot came; the screen dims what is older than 10 s. */
  pool_seen_at_ms: UnixMs.nullable(),
  agents: z.strictObject({
    total: Count,
    mining: Count,
    offline: Count,
    hashrate_hps: Hashrate,
    temperature_c_max: z.number().nullable(),
  }),
  database: PartHealth,
});
export type LiveDto = z.infer<typeof LiveDto>;

export const OverviewDto = z.strictObject({
  live: LiveDto,
  window: Window,
  series: HashrateSeries,
  blocks: z.array(BlockDto),
  blocks_total: Count,
  /** Found / expected over the last blocks; null before the first. */
  luck: z.strictObject({ blocks: Count, value: z.number() }).nullable(),
  /** Expected seconds to the next block at the current hashrate, with the 5 % and 95 % quantiles; null without hashrate. */
  next_block_s: z.strictObject({ mean: z.number(), p05: z.number(), p95: z.number() }).nullable(),
});
export type OverviewDto = z.infer<typeof OverviewDto>;
