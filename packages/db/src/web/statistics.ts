/**
 * The pool's statistics out of the maintained roll-ups: one reader for the API, the metrics, the page and the CSV. What the figures mean is
 * in `@otedama/shared/statistics`.
 */
import type { LuckDto, OverviewDto, RejectsDto, StatisticsDto, SuspectDto } from "@otedama/shared";
import {
  alarmLevel,
  EXPECTED_MIN,
  effortBounds,
  effortQuantile,
  judgeWorker,
  LUCK_WINDOWS,
  luckOfBlocks,
  luckOfTime,
  nextBlock,
  REJECT_REASONS_LOGGED,
  REJECT_WINDOWS,
} from "@otedama/shared/statistics";
import type { Sql } from "./database.ts";

const BLOCKS_MAX = Math.max(...LUCK_WINDOWS.map((window) => ("blocks" in window ? window.blocks : 0)));
/** Shares of the last seconds may still be on their way into the database. */
const SETTLE_MS = 10_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const SUSPECTS_MAX = 100;

export interface StatisticsReading {
  statistics: StatisticsDto;
  /** The most suspicious first, at most 100. */
  suspects: SuspectDto[];
}

export async function readStatistics(sql: Sql, now_ms: number): Promise<StatisticsReading> {
  const [network, hashrate_h1_hps, blocks, luck_of_time, rejects, workers] = await Promise.all([
    readNetwork(sql),
    readHashrate(sql, now_ms),
    readBlocks(sql),
    readLuckOfTime(sql, now_ms),
    readRejects(sql, now_ms),
    readWorkers(sql),
  ]);
  const luck = LUCK_WINDOWS.map((window): LuckDto => {
    if ("days" in window) return { window: window.window, ...(luck_of_time.get(window.days) ?? luckOfTime(0, 0)) };
    return { window: window.window, ...luckOfBlocks(blocks.slice(0, window.blocks).map((block) => block.effort)) };
  });
  let sum = 0;
  const efforts = blocks.toReversed().map((block, index) => {
    sum += block.effort;
    const { low, high } = effortBounds(index + 1);
    return { ...block, quantile: effortQuantile(block.effort), sum, sum_low: low, sum_high: high };
  });
  const judged = workers
    .map((worker) => ({ ...worker, ...judgeWorker(worker, workers.length) }))
    .filter((worker): worker is typeof worker & Pick<SuspectDto, "suspicion"> => worker.suspicion !== null)
    .sort((a, b) => a.chance - b.chance || a.worker_id - b.worker_id);
  const alarms = judged.filter((worker) => worker.suspicion === "alarm").length;
  return {
    statistics: {
      at_ms: now_ms,
      network,
      hashrate_h1_hps,
      next_block_s: nextBlock(hashrate_h1_hps ?? 0, network?.difficulty ?? 0),
      luck,
      rejects,
      efforts,
      withholding: {
        tested: workers.length,
        alarms,
        watched: judged.length - alarms,
        alarm_below: alarmLevel(workers.length),
      },
    },
    suspects: judged.slice(0, SUSPECTS_MAX),
  };
}

/** Luck over the last blocks, as many as the longest window of blocks has. Null before the first. */
export async function recentLuck(sql: Sql): Promise<OverviewDto["luck"]> {
  const { blocks, value } = luckOfBlocks((await readBlocks(sql)).map((block) => block.effort));
  return value === null ? null : { blocks, value };
}

async function readNetwork(sql: Sql): Promise<StatisticsDto["network"]> {
  const { rows } = await sql.query<{ height: number; difficulty: number }>(
    "SELECT height, difficulty FROM network_difficulty ORDER BY at DESC LIMIT 1",
  );
  return rows[0] ?? null;
}

/** Of the last 60 whole minutes, or of as many as there are since the first share. */
async function readHashrate(sql: Sql, now_ms: number): Promise<number | null> {
  const end_ms = Math.floor((now_ms - SETTLE_MS) / MINUTE_MS) * MINUTE_MS;
  const { rows } = await sql.query<{ work: number | null; first_ms: number | null }>(
    `SELECT (SELECT sum(work_hashes)::float8 FROM pool_work
              WHERE span_s = 60 AND at >= to_timestamp($1::float8 / 1000) AND at < to_timestamp($2::float8 / 1000)) AS work,
            (SELECT extract(epoch FROM min(at))::float8 * 1000 FROM pool_work WHERE span_s = 60) AS first_ms`,
    [end_ms - HOUR_MS, end_ms],
  );
  const { work, first_ms } = rows[0] ?? { work: null, first_ms: null };
  if (first_ms === null) return null;
  const measured_ms = end_ms - Math.max(first_ms, end_ms - HOUR_MS);
  return measured_ms <= 0 ? null : (work ?? 0) / (measured_ms / 1000);
}

/** Newest first. */
async function readBlocks(sql: Sql) {
  const { rows } = await sql.query<{ height: number; hash: string; found_at_ms: number; effort: number }>(
    `SELECT height, hash, found_at AS found_at_ms, effort FROM block WHERE state <> 'rejected' AND effort > 0
      ORDER BY found_at DESC, hash LIMIT ${BLOCKS_MAX}`,
  );
  return rows;
}

/** Days are counted in whole hours up to now. */
async function readLuckOfTime(sql: Sql, now_ms: number) {
  const days = LUCK_WINDOWS.flatMap((window) => ("days" in window ? [window.days] : []));
  const { rows } = await sql.query<{ days: number; blocks: number; expected: number }>(
    `SELECT days, (SELECT count(*) FROM block WHERE state <> 'rejected' AND found_at >= since)::int AS blocks,
            (SELECT coalesce(sum(expected_blocks), 0) FROM pool_work WHERE span_s = 3600 AND at >= since)::float8 AS expected
       FROM unnest($1::int[]) AS days, LATERAL (SELECT to_timestamp($2::float8 / 1000 - days * 86400.0) AS since) s`,
    [days, Math.floor(now_ms / HOUR_MS) * HOUR_MS],
  );
  return new Map(rows.map((row) => [row.days, luckOfTime(row.blocks, row.expected)]));
}

/** The hour in minutes, longer windows in hours. Each window is a query of its own, so that each is read from the index. */
async function readRejects(sql: Sql, now_ms: number): Promise<RejectsDto[]> {
  const sum = (column: string) => `coalesce(sum(${column}), 0)::float8 AS ${column}`;
  const windows = REJECT_WINDOWS.map(({ window, seconds }, place) => {
    const span_s = seconds <= 3_600 ? 60 : 3_600;
    const since_s = Math.floor(now_ms / 1000 / span_s) * span_s - seconds;
    return `SELECT ${place} AS place, '${window}' AS window, ${["accepted", ...REJECT_REASONS_LOGGED].map(sum).join(", ")}
       FROM pool_work WHERE span_s = ${span_s} AND at >= to_timestamp(${since_s})`;
  });
  const { rows } = await sql.query<RejectsDto & { place: number }>(`${windows.join(" UNION ALL ")} ORDER BY place`);
  return rows.map(({ place: _, ...counts }) => counts);
}

/** Workers whose work is enough to say something about their luck. */
async function readWorkers(sql: Sql) {
  const { rows } = await sql.query<Omit<SuspectDto, "chance" | "suspicion">>(
    `SELECT t.worker_id, w.name AS worker_name, w.account_id, a.address AS account_address, coalesce(f.found, 0)::int AS found,
            t.expected_blocks AS expected, t.since AS since_ms
       FROM (SELECT * FROM worker_total WHERE expected_blocks >= $1 ORDER BY expected_blocks DESC LIMIT 10000) t
       JOIN worker w ON w.id = t.worker_id JOIN account a ON a.id = w.account_id
       LEFT JOIN (SELECT worker_id, count(*) AS found FROM block WHERE state <> 'rejected' GROUP BY worker_id) f ON f.worker_id = t.worker_id`,
    [EXPECTED_MIN],
  );
  return rows;
}
