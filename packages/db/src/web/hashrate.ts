/**
 * Hashrate over time, from the roll-ups of share buckets.
 *
 * A step's hashrate is the accepted work in it divided by the seconds of it that were measured: from the first bucket ever to the
 * last whole ten-second bucket. So a young pool and the running step are not drawn too low. A step before the first bucket is null
 * (nobody measured); a measured step without shares is 0.
 */
import type { HashrateSeries, Window } from "@otedama/shared";
import { WINDOWS } from "@otedama/shared";
import type { Sql } from "./database.ts";

export const STEP_S: Record<Window, number> = { "1h": 30, "6h": 120, "24h": 600, "7d": 3_600, "30d": 14_400, "1y": 86_400 };
export const BUCKET_S = 10;
/** Of `account_recent`. */
const FARM_BUCKET_S = 30;
/** Buckets younger than this may still be filling: the pool applies its share log in batches. */
const SETTLE_S = 5;

export interface Measured {
  first_s: number | null;
  end_s: number;
  /** Step start (seconds) → work in expected hashes. */
  work: ReadonlyMap<number, number>;
}

export interface Frame {
  step_s: number;
  from_s: number;
  steps: number;
}

/** The steps that cover a window ending now, aligned to the step so that points do not wander between two answers. */
export function frameOf(window: Window, now_ms: number): Frame {
  const step_s = STEP_S[window];
  const last_s = Math.floor(now_ms / 1000 / step_s) * step_s;
  const steps = Math.ceil(WINDOWS[window] / step_s);
  return { step_s, from_s: last_s - (steps - 1) * step_s, steps };
}

export function toSeries(frame: Frame, measured: Measured): HashrateSeries {
  const at_ms: number[] = [];
  const hashrate_hps: (number | null)[] = [];
  for (let index = 0; index < frame.steps; index++) {
    const start_s = frame.from_s + index * frame.step_s;
    const covered_s =
      measured.first_s === null ? 0 : Math.min(start_s + frame.step_s, measured.end_s) - Math.max(start_s, measured.first_s);
    at_ms.push(start_s * 1000);
    hashrate_hps.push(covered_s < BUCKET_S ? null : (measured.work.get(start_s) ?? 0) / covered_s);
  }
  return { step_s: frame.step_s, at_ms, hashrate_hps };
}

/** Steps this short are summed from buckets, which an index finds by worker; longer ones from the roll-ups. */
const BUCKET_STEPS_S_MAX = 120;

/** The longest span of a roll-up that fits a step evenly. */
const spanFor = (step_s: number, spans: readonly number[]): number =>
  Math.max(...spans.filter((span_s) => step_s % span_s === 0));
const POOL_SPANS = [10, 60, 3_600, 86_400];
const WORKER_SPANS = [600, 3_600, 86_400];

/** Rows `at, work` become `step, work`. */
const byStep = (rows: string) =>
  `SELECT (floor(extract(epoch FROM at) / $1::int) * $1::int)::float8 AS step, sum(work)::float8 AS work FROM (${rows}) r GROUP BY 1`;

/** Of one worker, or of the whole pool when `worker_id` is null. */
export function hashrateSeries(sql: Sql, worker_id: number | null, window: Window, now_ms: number): Promise<HashrateSeries> {
  return worker_id === null ? poolSeries(sql, window, now_ms) : ofWorkers(sql, "worker", worker_id, window, now_ms);
}

/** Of all workers of one account: of a few from their buckets, of many from what is kept of the account itself. */
export async function accountHashrateSeries(
  sql: Sql,
  account_id: number,
  window: Window,
  now_ms: number,
): Promise<HashrateSeries> {
  const { rows } = await sql.query<{ farm: boolean }>(
    "SELECT is_farm(workers) AS farm FROM account_balance WHERE account_id = $1",
    [account_id],
  );
  return rows[0]?.farm ? farmSeries(sql, account_id, window, now_ms) : ofWorkers(sql, "account", account_id, window, now_ms);
}

async function poolSeries(sql: Sql, window: Window, now_ms: number): Promise<HashrateSeries> {
  const frame = frameOf(window, now_ms);
  const end_s = measuredUntil(now_ms, BUCKET_S);
  return answer(
    sql,
    frame,
    end_s,
    // The first day's own roll-ups say when in it the pool began, as finely as they were kept.
    [
      `SELECT coalesce(ten.at, minute.at, hour.at, day.at) AS at
         FROM (SELECT min(at) AS at FROM pool_work WHERE span_s = 86400) day
         LEFT JOIN LATERAL (SELECT min(at) AS at FROM pool_work WHERE span_s = 3600 AND at >= day.at) hour ON true
         LEFT JOIN LATERAL (SELECT min(at) AS at FROM pool_work WHERE span_s = 60 AND at >= hour.at AND at < hour.at + interval '1 hour') minute ON true
         LEFT JOIN LATERAL (SELECT min(at) AS at FROM pool_work WHERE span_s = 10 AND at >= minute.at AND at < minute.at + interval '1 minute') ten ON true`,
      [],
    ],
    // What came after the last whole bucket is in the span already, and is not in the time that was measured.
    [
      byStep(`SELECT at, work_hashes AS work FROM pool_work WHERE span_s = $4 AND at >= to_timestamp($2::float8) AND at < to_timestamp($3::float8)
        UNION ALL SELECT at, -work_hashes FROM pool_work WHERE $4 > 10 AND span_s = 10 AND at >= to_timestamp($3::float8)
          AND at < to_timestamp(ceil($3::float8 / $4) * $4)`),
      [frame.step_s, frame.from_s, end_s, spanFor(frame.step_s, POOL_SPANS)],
    ],
  );
}

/** Roll-ups hold the buckets before share_rollup.until; those from then on are a few minutes' and are added to them. */
const UNTIL = "greatest(to_timestamp($2::float8), coalesce((SELECT until FROM share_rollup), '-infinity'))";

function ofWorkers(sql: Sql, of: Of, id: number, window: Window, now_ms: number): Promise<HashrateSeries> {
  const frame = frameOf(window, now_ms);
  const end_s = measuredUntil(now_ms, BUCKET_S);
  const buckets = of === "worker" ? "share_bucket b" : "worker w JOIN share_bucket b ON b.worker_id = w.id";
  const whose = of === "worker" ? "b.worker_id = $4" : "w.account_id = $4";
  const recent = (from: string) =>
    `SELECT b.bucket_at AS at, b.work_hashes AS work FROM ${buckets} WHERE ${whose} AND b.bucket_at >= ${from} AND b.bucket_at < to_timestamp($3::float8)`;
  return answer(sql, frame, end_s, firstOf(of, id), workOf(of, id, frame, end_s, recent));
}

/** Half minutes are the finest that is kept of a farm: the measured time ends with one. */
function farmSeries(sql: Sql, id: number, window: Window, now_ms: number): Promise<HashrateSeries> {
  const frame = frameOf(window, now_ms);
  const end_s = measuredUntil(now_ms, FARM_BUCKET_S);
  const recent = (from: string) =>
    `SELECT at, work_hashes AS work FROM account_recent WHERE account_id = $4 AND at >= ${from} AND at < to_timestamp($3::float8)`;
  return answer(sql, frame, end_s, firstOf("account", id), workOf("account", id, frame, end_s, recent));
}

type Of = "worker" | "account";

function workOf(of: Of, id: number, frame: Frame, end_s: number, recent: (from: string) => string): [string, unknown[]] {
  const params = [frame.step_s, frame.from_s, end_s, id];
  if (frame.step_s <= BUCKET_STEPS_S_MAX) return [byStep(recent("to_timestamp($2::float8)")), params];
  const rolled = `SELECT at, work_hashes AS work FROM ${of}_work
    WHERE ${of}_id = $4 AND span_s = $5 AND at >= to_timestamp($2::float8) AND at < to_timestamp($3::float8)`;
  return [byStep(`${rolled} UNION ALL ${recent(UNTIL)}`), [...params, spanFor(frame.step_s, WORKER_SPANS)]];
}

function firstOf(of: Of, id: number): [string, unknown[]] {
  const query =
    of === "worker"
      ? "SELECT coalesce((SELECT since FROM worker_total WHERE worker_id = $1), (SELECT min(bucket_at) FROM share_bucket WHERE worker_id = $1)) AS at"
      : `SELECT coalesce((SELECT min(t.since) FROM worker w JOIN worker_total t ON t.worker_id = w.id WHERE w.account_id = $1),
           (SELECT min(b.at) FROM worker w CROSS JOIN LATERAL (SELECT min(bucket_at) AS at FROM share_bucket WHERE worker_id = w.id) b
             WHERE w.account_id = $1)) AS at`;
  return [query, [id]];
}

const measuredUntil = (now_ms: number, bucket_s: number): number => Math.floor((now_ms / 1000 - SETTLE_S) / bucket_s) * bucket_s;

async function answer(
  sql: Sql,
  frame: Frame,
  end_s: number,
  first_query: [string, unknown[]],
  work_query: [string, unknown[]],
): Promise<HashrateSeries> {
  const [first, steps] = await Promise.all([
    sql.query<{ at: number | null }>(...first_query),
    sql.query<{ step: number; work: number }>(...work_query),
  ]);
  const first_ms = first.rows[0]?.at ?? null;
  return toSeries(frame, {
    first_s: first_ms === null ? null : Math.floor(first_ms / 1000),
    end_s,
    work: new Map(steps.rows.map((row) => [row.step, row.work])),
  });
}
