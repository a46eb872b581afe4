/**
 * Hashrate over time from share buckets.
 *
 * A step's hashrate is the accepted work in it divided by the seconds of it that were measured: from the first bucket ever to the
 * last whole ten-second bucket. So a young pool and the running step are not drawn too low. A step before the first bucket is null
 * (nobody measured); a measured step without shares is 0.
 */
import type { HashrateSeries, Window } from "@otedama/shared";
import { WINDOWS } from "@otedama/shared";
import type { Sql } from "./database.ts";

export const STEP_S: Record<Window, number> = { "1h": 30, "6h": 120, "24h": 600, "7d": 3_600, "30d": 14_400 };
export const BUCKET_S = 10;
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

/** Of one worker, or of the whole pool when `worker_id` is null. */
export async function hashrateSeries(
  sql: Sql,
  worker_id: number | null,
  window: Window,
  now_ms: number,
): Promise<HashrateSeries> {
  const frame = frameOf(window, now_ms);
  const end_s = Math.floor((now_ms / 1000 - SETTLE_S) / BUCKET_S) * BUCKET_S;
  const of_worker = worker_id === null ? "" : "AND worker_id = $4";
  const params: unknown[] = [frame.step_s, frame.from_s, end_s];
  if (worker_id !== null) params.push(worker_id);
  const [first, steps] = await Promise.all([
    worker_id === null
      ? sql.query<{ at: number | null }>("SELECT min(bucket_at) AS at FROM share_bucket")
      : sql.query<{ at: number | null }>("SELECT min(bucket_at) AS at FROM share_bucket WHERE worker_id = $1", [worker_id]),
    sql.query<{ step: number; work: number }>(
      `SELECT (floor(extract(epoch FROM bucket_at) / $1::int) * $1::int)::float8 AS step, sum(work_hashes)::float8 AS work
         FROM share_bucket
        WHERE bucket_at >= to_timestamp($2::float8) AND bucket_at < to_timestamp($3::float8) ${of_worker}
        GROUP BY 1`,
      params,
    ),
  ]);
  const first_ms = first.rows[0]?.at ?? null;
  return toSeries(frame, {
    first_s: first_ms === null ? null : Math.floor(first_ms / 1000),
    end_s,
    work: new Map(steps.rows.map((row) => [row.step, row.work])),
  });
}

/** Of all workers of one account. */
export async function accountHashrateSeries(
  sql: Sql,
  account_id: number,
  window: Window,
  now_ms: number,
): Promise<HashrateSeries> {
  const frame = frameOf(window, now_ms);
  const end_s = Math.floor((now_ms / 1000 - SETTLE_S) / BUCKET_S) * BUCKET_S;
  const [first, steps] = await Promise.all([
    sql.query<{ at: number | null }>(
      `SELECT min(at) AS at FROM worker w CROSS JOIN LATERAL (SELECT min(bucket_at) AS at FROM share_bucket WHERE worker_id = w.id) b
        WHERE w.account_id = $1`,
      [account_id],
    ),
    sql.query<{ step: number; work: number }>(
      `SELECT (floor(extract(epoch FROM bucket_at) / $1::int) * $1::int)::float8 AS step, sum(work_hashes)::float8 AS work
         FROM worker w JOIN share_bucket b ON b.worker_id = w.id
        WHERE w.account_id = $4 AND bucket_at >= to_timestamp($2::float8) AND bucket_at < to_timestamp($3::float8)
        GROUP BY 1`,
      [frame.step_s, frame.from_s, end_s, account_id],
    ),
  ]);
  const first_ms = first.rows[0]?.at ?? null;
  return toSeries(frame, {
    first_s: first_ms === null ? null : Math.floor(first_ms / 1000),
    end_s,
    work: new Map(steps.rows.map((row) => [row.step, row.work])),
  });
}
