import type { LiveDto } from "@otedama/shared";
import { nextBlock } from "@otedama/shared/statistics";
import { formatDuration, formatHashrate, formatPercent } from "@otedama/shared/units";
import { plural } from "../../components/data/plural.ts";
import { rejectRate } from "../../lib/statistics.ts";

/** From this part of refused shares on, the sentence names it. */
const REJECTS_WORTH_A_WORD = 0.02;

/** The hashrate that figures and estimates of now go by: 15 minutes, or less while the pool is younger than that. */
export const currentHashrate = (pool: NonNullable<LiveDto["pool"]>): number =>
  pool.hashrate_hps.m15 > 0 ? pool.hashrate_hps.m15 : pool.hashrate_hps.m1;

/** How the farm stands, in one sentence: the worst thing first. */
export function overviewSentence(live: LiveDto): string {
  const { pool } = live;
  if (pool === null) return "No pool is connected, so nothing is being measured.";
  if (live.database.state === "down")
    return "The database does not answer: mining goes on, and shares are counted when it is back.";
  if (pool.node.state === "down") {
    return "The Bitcoin node does not answer: miners work on, but a block found now waits until it is back.";
  }
  if (pool.database.state === "down") {
    return `The pool cannot reach its database: ${plural(pool.accounting_lag_records, "share waits", "shares wait")} in its log to be counted.`;
  }
  if (pool.workers_online === 0) return "No miner is connected to the pool.";
  const hashrate_hps = currentHashrate(pool);
  const workers = plural(pool.workers_online, "worker is", "workers are");
  if (hashrate_hps === 0) return `${workers} connected; the first shares are awaited.`;
  const due = nextBlock(hashrate_hps, pool.job?.network_difficulty ?? 0);
  const block = due === null ? "" : `, a block about every ${formatDuration(due.mean)}`;
  const rejected = rejectRate(pool.shares);
  const reject =
    rejected !== null && rejected >= REJECTS_WORTH_A_WORD ? `, but ${formatPercent(rejected)} of the shares are refused` : "";
  return `${plural(pool.workers_online, "worker mines", "workers mine")} at ${formatHashrate(hashrate_hps)}${block}${reject}.`;
}
