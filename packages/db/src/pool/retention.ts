/**
 * What is kept of shares in the database, and for how long. Money first:
 *
 * 1. Buckets by worker are kept for some days. Then they are packed: what may still begin a PPLNS window or a PROP round, an account's work by
 *    ten seconds, goes to `account_slice` in the transaction that deletes them. No window is read differently before and after.
 * 2. Packed buckets, and accounts' sums of ten minutes and of hours, are dropped before the beginning of the day in which nothing begins any
 *    more: no round that is open, and no window four times as large as the largest that is in force. Days stay for ever.
 * 3. Sums of workers and of the pool are dropped when no chart shows them in that detail.
 *
 * Nothing is dropped while an instance that lives is behind with its log, or a block may still be booked. The clock is the database's: a
 * pool's own may be put forward.
 */
import { PoolPolicy, workHashes } from "@otedama/shared";
import { type Database, type Queryable, transaction } from "./connect.ts";
import { DAY_S, floorTo, TEN_MINUTES_S } from "./stretches.ts";

/** Of one transaction. */
const ROWS = 20_000;
/** How much larger a PPLNS window may become, by difficulty or by setting, and still begin with the ten seconds that it should. */
const WINDOW_MARGIN = 4;
/** A settled block that was touched in this time may yet be undone by a reorganisation. */
const SETTLED_DAYS = 3;
/** An instance that was seen in this time may bring shares from when it was last caught up. */
const INSTANCE_DAYS = 30;
const HOUR_S = 3_600;
/** Hours of one table that one pass drops: a large database that was never cleaned is done in several. */
const HOURS_MAX = 500;
const RETENTION_LOCK = 0x0ed4_0701;

/**
 * Days for which rows of a span are looked at: a chart of 24 h has steps of ten minutes, one of 30 days of four hours. The pool's first day
 * stays as it is: it says when the pool began.
 */
const DETAIL = [
  { table: "pool_work", span_s: 10, days: 3 },
  { table: "pool_work", span_s: 60, days: 10 },
  { table: "worker_work", span_s: 600, days: 3 },
  { table: "worker_work", span_s: 3_600, days: 40 },
  { table: "account_work", span_s: 600, days: 3 },
  { table: "account_work", span_s: 3_600, days: 40 },
] as const;

const SECOND_DAY = `SELECT min(at) + interval '1 day' FROM pool_work WHERE span_s = ${DAY_S}`;

export interface RetentionBounds {
  /** Buckets before it are packed; a multiple of ten minutes. */
  pack_before_s: number;
  /** Accounts' work before it is kept by days alone; the beginning of a day. */
  fine_from_s: number;
}

interface Row {
  time_s: number | null;
  height: number | null;
  difficulty: number | null;
  policies: unknown[];
}

/** Null where nothing may be touched yet. */
export async function readRetentionBounds(db: Queryable, keep_days: number): Promise<RetentionBounds | null> {
  const { rows } = await db.query<Row>(
    `WITH open AS (SELECT found_at, height, network_difficulty, policy_version FROM block
       WHERE state IN ('found', 'pending') OR state <> 'rejected' AND updated_at > now() - make_interval(days => ${SETTLED_DAYS}))
     SELECT extract(epoch FROM least(r.until, now() - make_interval(days => $1::int), (SELECT min(found_at) FROM open),
              (SELECT min(coalesce(caught_up_at, '-infinity')) FROM share_log_cursor WHERE seen_at > now() - make_interval(days => ${INSTANCE_DAYS}))
            ))::float8 AS time_s,
            (SELECT min(height) FROM open) AS height,
            greatest((SELECT difficulty FROM network_difficulty ORDER BY at DESC LIMIT 1), (SELECT max(network_difficulty) FROM open)) AS difficulty,
            ARRAY(SELECT policy FROM pool_policy WHERE version = (SELECT max(version) FROM pool_policy)
              OR version IN (SELECT policy_version FROM open)) AS policies
       FROM share_rollup r WHERE r.until IS NOT NULL`,
    [keep_days],
  );
  const row = rows[0];
  if (row?.time_s == null || !Number.isFinite(row.time_s)) return null;
  const pack_before_s = floorTo(TEN_MINUTES_S, row.time_s);
  const begins = [pack_before_s, await windowBegin(db, row, pack_before_s), await roundBegin(db, row.height)];
  return { pack_before_s, fine_from_s: floorTo(DAY_S, Math.min(...begins)) };
}

/** The day in which the largest window that may be asked for begins, at a time; −∞ where there was not that much work. */
async function windowBegin(db: Queryable, { difficulty, policies }: Row, at_s: number): Promise<number> {
  const windows = policies.map((policy) => PoolPolicy.safeParse(policy).data?.pplns_window);
  if (!difficulty || windows.length === 0 || windows.some((window) => window === undefined)) return Number.NEGATIVE_INFINITY;
  const wanted = workHashes(WINDOW_MARGIN * Math.max(...(windows as number[])) * difficulty);
  const { rows } = await db.query<{ at_s: number }>(
    `SELECT extract(epoch FROM at)::float8 AS at_s FROM (
       SELECT at, sum(work) OVER (ORDER BY at DESC) AS total FROM (
         SELECT at, sum(window_hashes) AS work FROM round_work WHERE span_s = ${DAY_S} AND at < to_timestamp($1::float8) GROUP BY at) day) d
      WHERE total >= $2::numeric ORDER BY at DESC LIMIT 1`,
    [floorTo(DAY_S, at_s), wanted.toString()],
  );
  return rows[0]?.at_s ?? Number.NEGATIVE_INFINITY;
}

/** When the block was found that the oldest open round began with; −∞ for the first round. `height` is that of the oldest open block. */
async function roundBegin(db: Queryable, height: number | null): Promise<number> {
  const { rows } = await db.query<{ at_s: number }>(
    `SELECT extract(epoch FROM b.found_at)::float8 AS at_s FROM block b LEFT JOIN worker w ON w.id = b.worker_id
      WHERE b.state IN ('pending', 'confirmed') AND NOT coalesce(w.solo, false) AND ($1::int IS NULL OR b.height < $1)
      ORDER BY b.height DESC LIMIT 1`,
    [height],
  );
  return rows[0]?.at_s ?? Number.NEGATIVE_INFINITY;
}

/**
 * Packs some of the buckets before a time, the oldest first, beginning at `from_s`. Answers where to go on, or null when there are none left
 * or another instance is at it. A bucket that somebody is writing to is left for the next time.
 */
export function packBuckets(database: Database, before_s: number, from_s: number | null): Promise<number | null> {
  return transaction(database, async (client) => {
    if (!(await isOurs(client))) return null;
    await client.query(
      "UPDATE share_rollup SET packed_until = to_timestamp($1::float8) WHERE packed_until IS NULL OR packed_until < to_timestamp($1::float8)",
      [before_s],
    );
    const { rows } = await client.query<{ packed: number; newest_s: number | null }>(
      `WITH gone AS (
         DELETE FROM share_bucket WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM share_bucket WHERE bucket_at < to_timestamp($1::float8) AND bucket_at >= coalesce(to_timestamp($2::float8), '-infinity')
            ORDER BY bucket_at LIMIT ${ROWS} FOR UPDATE SKIP LOCKED))
         RETURNING bucket_at, worker_id, instance_id, round_id, window_hashes
       ), slice AS (
         SELECT g.bucket_at, w.account_id, g.instance_id, g.round_id, sum(g.window_hashes) AS work FROM gone g JOIN worker w ON w.id = g.worker_id
          WHERE g.window_hashes > 0 GROUP BY 1, 2, 3, 4
       ), packed AS (
         INSERT INTO account_slice AS s (at, account_id, instance_id, round_id, slots, window_hashes)
         SELECT date_bin('10 minutes', bucket_at, 'epoch') AS at, account_id, instance_id, round_id,
                array_agg((extract(epoch FROM bucket_at - date_bin('10 minutes', bucket_at, 'epoch')) / 10)::smallint ORDER BY bucket_at),
                array_agg(work ORDER BY bucket_at)
           FROM slice GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
         ON CONFLICT (at, account_id, instance_id, round_id) DO UPDATE SET slots = s.slots || excluded.slots,
           window_hashes = s.window_hashes || excluded.window_hashes
       )
       SELECT count(*)::int AS packed, extract(epoch FROM max(bucket_at))::float8 AS newest_s FROM gone`,
      [before_s, from_s],
    );
    const row = rows[0];
    return row === undefined || row.packed < ROWS ? null : row.newest_s;
  });
}

/** Drops what is kept too finely, an hour of a table at a time; true when there is more. `stopped` ends it between two of them. */
export async function dropDetail(database: Database, { fine_from_s }: RetentionBounds, stopped: () => boolean): Promise<boolean> {
  if (Number.isFinite(fine_from_s)) {
    await database.query(
      "UPDATE share_rollup SET fine_from = to_timestamp($1::float8) WHERE fine_from IS NULL OR fine_from < to_timestamp($1::float8)",
      [fine_from_s],
    );
  }
  let more = await dropHours(database, "account_slice", "true", fine_from_s, stopped);
  const { rows } = await database.query<{ today_s: number }>(
    "SELECT extract(epoch FROM date_bin('1 day', now(), 'epoch'))::float8 AS today_s",
  );
  for (const { table, span_s, days } of DETAIL) {
    const unseen_s = (rows[0]?.today_s ?? 0) - days * DAY_S;
    const before_s = table === "account_work" ? Math.min(unseen_s, fine_from_s) : unseen_s;
    const which = `span_s = ${span_s}${table === "pool_work" ? ` AND at >= (${SECOND_DAY})` : ""}`;
    more = (await dropHours(database, table, which, before_s, stopped)) || more;
  }
  return more;
}

async function dropHours(
  database: Database,
  table: string,
  which: string,
  before_s: number,
  stopped: () => boolean,
): Promise<boolean> {
  if (!Number.isFinite(before_s)) return false;
  const { rows } = await database.query<{ at_s: number | null }>(
    `SELECT extract(epoch FROM min(at))::float8 AS at_s FROM ${table} WHERE ${which} AND at < to_timestamp($1::float8)`,
    [before_s],
  );
  let at_s = rows[0]?.at_s ?? null;
  for (let hours = 0; at_s !== null && at_s < before_s; hours++) {
    if (stopped() || hours === HOURS_MAX) return true;
    const to_s = Math.min(floorTo(HOUR_S, at_s) + HOUR_S, before_s);
    const ours = await transaction(database, async (client) => {
      if (!(await isOurs(client))) return false;
      await client.query(
        `DELETE FROM ${table} WHERE ${which} AND at >= to_timestamp($1::float8) AND at < to_timestamp($2::float8)`,
        [at_s, to_s],
      );
      return true;
    });
    if (!ours) return false;
    at_s = to_s;
  }
  return false;
}

/** One instance at a time cleans; the others need not wait for it. */
async function isOurs(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ ours: boolean }>("SELECT pg_try_advisory_xact_lock($1) AS ours", [RETENTION_LOCK]);
  return rows[0]?.ours ?? false;
}
