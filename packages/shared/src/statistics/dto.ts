/** The pool's statistics, as the API, the metrics, the page and the CSV show them. */
import { z } from "zod";
import { Count, Hashrate, UnixMs } from "../wire/common.ts";
import { LUCK_WINDOWS, REJECT_WINDOWS } from "./windows.ts";

const Ratio = z.number().min(0);

export const LuckDto = z.strictObject({
  window: z.enum(LUCK_WINDOWS.map(({ window }) => window)),
  blocks: Count,
  expected: Ratio,
  value: Ratio.nullable(),
  low: Ratio.nullable(),
  high: Ratio.nullable(),
  chance: z.number().min(0).max(1).nullable(),
});
export type LuckDto = z.infer<typeof LuckDto>;

export const RejectsDto = z.strictObject({
  window: z.enum(REJECT_WINDOWS.map(({ window }) => window)),
  accepted: Count,
  stale: Count,
  duplicate: Count,
  low_difficulty: Count,
  invalid: Count,
});
export type RejectsDto = z.infer<typeof RejectsDto>;

/** One block on the way of luck: oldest first; the sums run over the blocks listed. */
export const EffortDto = z.strictObject({
  height: Count,
  hash: z.string().length(64),
  found_at_ms: UnixMs,
  effort: Ratio,
  /** Part of all blocks that take at most this effort. */
  quantile: z.number().min(0).max(1),
  /** Sum of the efforts so far, and where such a sum lies in 95 of 100 cases. */
  sum: Ratio,
  sum_low: Ratio,
  sum_high: Ratio,
});
export type EffortDto = z.infer<typeof EffortDto>;

export const StatisticsDto = z.strictObject({
  at_ms: UnixMs,
  network: z.strictObject({ height: Count, difficulty: z.number().min(0) }).nullable(),
  /** Accepted work of the last hour by the seconds of it that were measured; null before the first shares. */
  hashrate_h1_hps: Hashrate.nullable(),
  next_block_s: z.strictObject({ mean: Ratio, p05: Ratio, p95: Ratio }).nullable(),
  luck: z.array(LuckDto),
  rejects: z.array(RejectsDto),
  efforts: z.array(EffortDto),
  /** Workers whose work is enough to say something, and those of them that an alarm names. */
  withholding: z.strictObject({ tested: Count, alarms: Count, watched: Count, alarm_below: z.number() }),
});
export type StatisticsDto = z.infer<typeof StatisticsDto>;

export const SuspectDto = z.strictObject({
  worker_id: z.int(),
  worker_name: z.string(),
  account_id: z.int(),
  account_address: z.string(),
  found: Count,
  expected: Ratio,
  /** How often an honest worker finds so few. */
  chance: z.number().min(0).max(1),
  suspicion: z.enum(["alarm", "watch"]),
  since_ms: UnixMs,
});
export type SuspectDto = z.infer<typeof SuspectDto>;

/** For people who are signed in: with the names. */
export const StatisticsPageDto = z.strictObject({ statistics: StatisticsDto, suspects: z.array(SuspectDto) });
export type StatisticsPageDto = z.infer<typeof StatisticsPageDto>;
