/**
 * Applying the share log. A batch and the cursor that says it was applied are one transaction, so a batch counts once,
 * whatever dies and whoever tries again.
 */
import { type Database, type Queryable, transaction } from "./connect.ts";
import { measureRound } from "./rounds.ts";
import { addDues, type DueDelta, type OpenWindow, payShareWindow } from "./share_windows.ts";

export interface LogPosition {
  segment: number;
  offset: number;
}

export interface ShareCursor extends LogPosition {
  round_id: bigint;
  window: OpenWindow;
}

export interface BucketDelta {
  bucket_at_ms: number;
  worker_id: number;
  difficulty: number;
  accepted: number;
  stale: number;
  duplicate: number;
  low_difficulty: number;
  invalid: number;
  work_hashes: bigint;
  /** The part of `work_hashes` that takes part in PPLNS and PROP windows. */
  window_hashes: bigint;
}

export interface WorkerDelta {
  worker_id: number;
  accepted: number;
  stale: number;
  duplicate: number;
  low_difficulty: number;
  unauthorized: number;
  invalid: number;
  last_share_at_ms: number;
}

/** The block whose record ends a batch. `details` is null when this machine has no block for the record (see the caller). */
export interface BlockClosing {
  hash: string;
  details: {
    height: number;
    worker_id: number;
    prev_hash: string;
    coinbase_txid: string;
    found_at_ms: number;
    reward_sats: bigint;
    fees_sats: bigint;
    network_difficulty: number;
    network_work_hashes: bigint;
    /** Confirmations at which the block will be confirmed. */
    maturity_confirmations: number;
    share_difficulty: number;
    transactions: number;
    size_bytes: number;
    /** Null: the newest there is. */
    policy_version: number | null;
  } | null;
}

export interface ShareBatch {
  instance_id: string;
  from: LogPosition;
  to: LogPosition;
  buckets: BucketDelta[];
  workers: WorkerDelta[];
  /** What is owed for shares by themselves. */
  dues: DueDelta[];
  /** The share window before and after the batch; those in between are paid with it. */
  window_from: OpenWindow;
  window_to: OpenWindow;
  block: BlockClosing | null;
}

export type ApplyResult =
  | { applied: true; round_id: bigint; unknown_workers: number[] }
  /** Somebody applied the log from here already: go on from `cursor`. */
  | { applied: false; cursor: ShareCursor };

interface CursorRow {
  segment: string;
  offset: string;
  round_id: string;
  window_number: string;
  window_ms: string | null;
}
const CURSOR = `SELECT segment, "offset", round_id, window_number, extract(epoch FROM window_at) * 1000 AS window_ms
  FROM share_log_cursor WHERE instance_id = $1`;

function toCursor(row: CursorRow): ShareCursor {
  return {
    segment: Number(row.segment),
    offset: Number(row.offset),
    round_id: BigInt(row.round_id),
    window: { number: BigInt(row.window_number), at_ms: row.window_ms === null ? null : Number(row.window_ms) },
  };
}

/** Where an instance's log is to be read from; its beginning for an instance that was never seen. */
export async function readCursor(db: Queryable, instance_id: string): Promise<ShareCursor | null> {
  const { rows } = await db.query<CursorRow>(CURSOR, [instance_id]);
  return rows[0] ? toCursor(rows[0]) : null;
}

export function applyShares(database: Database, batch: ShareBatch): Promise<ApplyResult> {
  return transaction(database, async (client) => {
    await client.query(
      'INSERT INTO share_log_cursor (instance_id, segment, "offset") VALUES ($1, $2, $3) ON CONFLICT (instance_id) DO NOTHING',
      [batch.instance_id, batch.from.segment, batch.from.offset],
    );
    const { rows } = await client.query<CursorRow>(`${CURSOR} FOR UPDATE`, [batch.instance_id]);
    if (!rows[0]) throw new Error(`the cursor of ${batch.instance_id} vanished`);
    const cursor = toCursor(rows[0]);
    const { window } = cursor;
    const moved = cursor.segment !== batch.from.segment || cursor.offset !== batch.from.offset;
    if (moved || window.number !== batch.window_from.number || window.at_ms !== batch.window_from.at_ms) {
      return { applied: false, cursor };
    }

    const known = await knownWorkers(client, batch);
    await addBuckets(
      client,
      batch.instance_id,
      cursor.round_id,
      batch.buckets.filter((bucket) => known.has(bucket.worker_id)),
    );
    await addWorkerTotals(
      client,
      batch.workers.filter((worker) => known.has(worker.worker_id)),
    );
    await addDues(client, batch.instance_id, batch.dues);
    for (let number = window.number; number < batch.window_to.number; number++) {
      await payShareWindow(client, batch.instance_id, number);
    }
    let round_id = cursor.round_id;
    if (batch.block && (await closeRound(client, batch.instance_id, round_id, batch.block, known))) round_id += 1n;
    await client.query(
      `UPDATE share_log_cursor SET segment = $2, "offset" = $3, round_id = $4, window_number = $5::bigint,
         window_at = to_timestamp($6::float8 / 1000), updated_at = now() WHERE instance_id = $1`,
      [batch.instance_id, batch.to.segment, batch.to.offset, round_id, batch.window_to.number.toString(), batch.window_to.at_ms],
    );
    const unknown_workers = [...new Set(batch.workers.map((worker) => worker.worker_id))].filter((id) => !known.has(id));
    return { applied: true, round_id, unknown_workers };
  });
}

/** A worker may be missing after a database was put back from a backup: its shares are reported, and do not stop the others'. */
async function knownWorkers(db: Queryable, batch: ShareBatch): Promise<Set<number>> {
  const ids = [...new Set([...batch.workers, ...batch.buckets].map((row) => row.worker_id))].filter((id) => id <= 0x7fffffff);
  if (batch.block?.details) ids.push(batch.block.details.worker_id);
  const { rows } = await db.query<{ id: number }>("SELECT id FROM worker WHERE id = ANY($1::int[])", [ids]);
  return new Set(rows.map((row) => row.id));
}

async function addBuckets(db: Queryable, instance_id: string, round_id: bigint, buckets: BucketDelta[]): Promise<void> {
  if (buckets.length === 0) return;
  await db.query(
    `INSERT INTO share_bucket AS b
       (bucket_at, worker_id, instance_id, round_id, difficulty, accepted, stale, duplicate, low_difficulty, invalid, work_hashes, window_hashes)
     SELECT to_timestamp(at_ms / 1000), worker_id, $1, $2, difficulty, accepted, stale, duplicate, low_difficulty, invalid, work, in_window
     FROM unnest($3::float8[], $4::int[], $5::float8[], $6::int[], $7::int[], $8::int[], $9::int[], $10::int[], $11::numeric[],
       $12::numeric[])
       AS v (at_ms, worker_id, difficulty, accepted, stale, duplicate, low_difficulty, invalid, work, in_window)
     ON CONFLICT (bucket_at, worker_id, instance_id, round_id, difficulty) DO UPDATE SET
       accepted = b.accepted + excluded.accepted, stale = b.stale + excluded.stale, duplicate = b.duplicate + excluded.duplicate,
       low_difficulty = b.low_difficulty + excluded.low_difficulty, invalid = b.invalid + excluded.invalid,
       work_hashes = b.work_hashes + excluded.work_hashes, window_hashes = b.window_hashes + excluded.window_hashes`,
    [
      instance_id,
      round_id,
      buckets.map((row) => row.bucket_at_ms),
      buckets.map((row) => row.worker_id),
      buckets.map((row) => row.difficulty),
      buckets.map((row) => row.accepted),
      buckets.map((row) => row.stale),
      buckets.map((row) => row.duplicate),
      buckets.map((row) => row.low_difficulty),
      buckets.map((row) => row.invalid),
      buckets.map((row) => row.work_hashes.toString()),
      buckets.map((row) => row.window_hashes.toString()),
    ],
  );
}

async function addWorkerTotals(db: Queryable, workers: WorkerDelta[]): Promise<void> {
  if (workers.length === 0) return;
  const sorted = [...workers].sort((a, b) => a.worker_id - b.worker_id);
  await db.query(
    `INSERT INTO worker_state AS s (worker_id, accepted, stale, duplicate, low_difficulty, unauthorized, invalid, last_share_at)
     SELECT worker_id, accepted, stale, duplicate, low_difficulty, unauthorized, invalid, to_timestamp(nullif(last_ms, 0) / 1000)
     FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::float8[])
       AS v (worker_id, accepted, stale, duplicate, low_difficulty, unauthorized, invalid, last_ms)
     ON CONFLICT (worker_id) DO UPDATE SET
       accepted = s.accepted + excluded.accepted, stale = s.stale + excluded.stale, duplicate = s.duplicate + excluded.duplicate,
       low_difficulty = s.low_difficulty + excluded.low_difficulty, unauthorized = s.unauthorized + excluded.unauthorized,
       invalid = s.invalid + excluded.invalid, last_share_at = greatest(s.last_share_at, excluded.last_share_at), updated_at = now()`,
    [
      sorted.map((row) => row.worker_id),
      sorted.map((row) => row.accepted),
      sorted.map((row) => row.stale),
      sorted.map((row) => row.duplicate),
      sorted.map((row) => row.low_difficulty),
      sorted.map((row) => row.unauthorized),
      sorted.map((row) => row.invalid),
      sorted.map((row) => row.last_share_at_ms),
    ],
  );
}

/** True when the round is over: false for a block that is known already (the same share sent twice). */
async function closeRound(
  db: Queryable,
  instance_id: string,
  round_id: bigint,
  block: BlockClosing,
  known: Set<number>,
): Promise<boolean> {
  const existing = await db.query("SELECT 1 FROM block WHERE hash = $1", [block.hash]);
  if (existing.rowCount) return false;
  const details = block.details;
  if (!details) return true;
  await db.query(
    `INSERT INTO block (hash, height, instance_id, worker_id, round_id, prev_hash, coinbase_txid, found_at, reward_sats, fees_sats,
       network_difficulty, share_difficulty, transactions, size_bytes, maturity_confirmations, policy_version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8::float8 / 1000), $9, $10, $11, $12, $13, $14, $15,
       coalesce($16, (SELECT max(version) FROM pool_policy)))`,
    [
      block.hash,
      details.height,
      instance_id,
      known.has(details.worker_id) ? details.worker_id : null,
      round_id,
      details.prev_hash,
      details.coinbase_txid,
      details.found_at_ms,
      details.reward_sats,
      details.fees_sats,
      details.network_difficulty,
      details.share_difficulty,
      details.transactions,
      details.size_bytes,
      details.maturity_confirmations,
      details.policy_version,
    ],
  );
  await measureRound(db, block.hash, details.network_work_hashes);
  return true;
}
