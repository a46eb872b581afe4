/** Rounds: the work between two blocks. A solo worker's blocks end no round of the others, and its shares are in none. */
import type { Queryable } from "./connect.ts";
import { DAY_S, TEN_MINUTES_S } from "./stretches.ts";
import { type BlockPlace, readRoundWork } from "./window.ts";

interface PlaceRow {
  instance_id: string;
  round_id: string;
  found_ms: string;
}
const PLACE = "b.instance_id, b.round_id, extract(epoch FROM b.found_at) * 1000 AS found_ms";

const BUCKET_FROM = "b.bucket_at >= to_timestamp(floor($2::float8 / 10000) * 10)";
const NEXT_TEN_MINUTES = `to_timestamp((floor($2::float8 / 1000 / ${TEN_MINUTES_S}) + 1) * ${TEN_MINUTES_S})`;

function toPlace(row: PlaceRow): BlockPlace {
  return { instance_id: row.instance_id, round_id: BigInt(row.round_id), found_at_ms: Math.round(Number(row.found_ms)) };
}

/**
 * Writes a block's effort: the work since the pool's block before it (the account's own, for a solo worker's block), by the
 * network's. `network_hashes` is the expected work of a block.
 */
export async function measureRound(db: Queryable, hash: string, network_hashes: bigint): Promise<void> {
  const found = await db.query<PlaceRow & { solo: boolean; account_id: number | null }>(
    `SELECT ${PLACE}, coalesce(w.solo, false) AS solo, w.account_id FROM block b LEFT JOIN worker w ON w.id = b.worker_id
     WHERE b.hash = $1`,
    [hash],
  );
  const row = found.rows[0];
  if (!row) throw new Error(`block ${hash} is not there`);
  const solo_account_id = row.solo ? row.account_id : null;
  const place = toPlace(row);
  const { rows } = await db.query<PlaceRow>(
    `SELECT ${PLACE} FROM block b LEFT JOIN worker w ON w.id = b.worker_id
     WHERE b.hash <> $1 AND b.state <> 'rejected'
       AND CASE WHEN $2::int IS NULL THEN NOT coalesce(w.solo, false) ELSE w.solo AND w.account_id = $2 END
       AND (b.instance_id = $3 AND b.round_id < $4::bigint OR b.instance_id <> $3 AND b.found_at < to_timestamp($5::float8 / 1000))
     ORDER BY b.found_at DESC, b.hash LIMIT 1`,
    [hash, solo_account_id, place.instance_id, place.round_id.toString(), place.found_at_ms],
  );
  const since = rows[0] ? toPlace(rows[0]) : null;
  const work = await readRoundWork(db, place, since, solo_account_id === null ? "all" : { solo_account_id });
  const hashes = work.reduce((sum, part) => sum + part.work_hashes, 0n);
  await db.query("UPDATE block SET round_work_hashes = $2::numeric, effort = $2::numeric / $3::numeric WHERE hash = $1", [
    hash,
    hashes.toString(),
    (network_hashes > 0n ? network_hashes : 1n).toString(),
  ]);
}

/**
 * The block that a PROP round begins with: the highest of the pool's own below a height that is in the chain. Every block below must have
 * been looked at on the chain that the asking block is on.
 */
export async function readRoundBegin(db: Queryable, height: number): Promise<BlockPlace | null> {
  const { rows } = await db.query<PlaceRow>(
    `SELECT ${PLACE} FROM block b LEFT JOIN worker w ON w.id = b.worker_id
     WHERE b.height < $1 AND b.state IN ('pending', 'confirmed') AND NOT coalesce(w.solo, false)
     ORDER BY b.height DESC LIMIT 1`,
    [height],
  );
  return rows[0] ? toPlace(rows[0]) : null;
}

/**
 * Work of this instance in the round that is open, and when that began: in the pool's first round, the ten minutes of its first share; null
 * before that.
 */
export async function readRound(
  db: Queryable,
  instance_id: string,
): Promise<{ round_id: bigint; work_hashes: bigint; started_at_ms: number | null }> {
  const newest = await db.query<PlaceRow>(
    `SELECT ${PLACE} FROM block b LEFT JOIN worker w ON w.id = b.worker_id
     WHERE b.state <> 'rejected' AND NOT coalesce(w.solo, false) ORDER BY b.found_at DESC, b.hash LIMIT 1`,
  );
  const since = newest.rows[0] ? toPlace(newest.rows[0]) : null;
  // Of this instance's own rows the round says what is after its block; after another's, ten minutes do, and the buckets of the first.
  const work =
    since === null
      ? { sql: `span_s = ${DAY_S} AND $2::float8 IS NOT NULL`, value: 0 }
      : since.instance_id === instance_id
        ? { sql: `span_s = ${DAY_S} AND round_id > $2::bigint`, value: since.round_id.toString() }
        : { sql: `span_s = ${TEN_MINUTES_S} AND at >= ${NEXT_TEN_MINUTES}`, value: since.found_at_ms };
  const first =
    since === null || since.instance_id === instance_id
      ? "0"
      : `(SELECT coalesce(sum(b.work_hashes), 0) FROM share_bucket b JOIN worker w ON w.id = b.worker_id
           WHERE b.instance_id = $1 AND NOT w.solo AND ${BUCKET_FROM} AND b.bucket_at < ${NEXT_TEN_MINUTES})`;
  const { rows } = await db.query<{ round_id: string; work: string; started_ms: string | null }>(
    `SELECT c.round_id, ${first} + (SELECT coalesce(sum(work_hashes), 0) FROM round_work
              WHERE instance_id = $1 AND NOT solo AND ${work.sql}) AS work,
            (SELECT extract(epoch FROM min(at)) * 1000 FROM round_work
              WHERE instance_id = $1 AND NOT solo AND span_s = ${TEN_MINUTES_S}) AS started_ms
       FROM share_log_cursor c WHERE c.instance_id = $1`,
    [instance_id, work.value],
  );
  const row = rows[0];
  const started_ms = row?.started_ms == null ? null : Math.round(Number(row.started_ms));
  return {
    round_id: BigInt(row?.round_id ?? 0),
    work_hashes: BigInt(row?.work ?? 0),
    started_at_ms: since?.found_at_ms ?? started_ms,
  };
}
