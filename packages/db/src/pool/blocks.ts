/** Blocks the pool found, as far as the pool itself reads and moves them. */
import type { Queryable } from "./connect.ts";

export type BlockState = "found" | "pending" | "confirmed" | "orphaned" | "rejected";

export interface TrackedBlock {
  hash: string;
  height: number;
  state: BlockState;
  confirmations: number;
  instance_id: string;
  round_id: bigint;
  found_at_ms: number;
  worker_id: number | null;
  /** Account of the finder. */
  account_id: number | null;
  /** The finder mined for itself alone. */
  solo: boolean;
  reward_sats: bigint;
  network_difficulty: number;
  /** Null for a block older than policies. */
  policy_version: number | null;
  note: string | null;
}

interface Row extends Omit<TrackedBlock, "round_id" | "reward_sats" | "found_at_ms"> {
  round_id: string;
  found_ms: string;
  reward_sats: string;
}

const COLUMNS = `b.hash, b.height, b.state, b.confirmations, b.instance_id, b.round_id, extract(epoch FROM b.found_at) * 1000 AS found_ms,
  b.worker_id, w.account_id, coalesce(w.solo, false) AS solo, b.reward_sats, b.network_difficulty, b.policy_version, b.note FROM block b LEFT JOIN worker w ON w.id = b.worker_id`;

/** Open blocks, and settled ones above `height_min`, whose fate a reorganisation could still change; lowest first. */
export async function listTrackedBlocks(db: Queryable, height_min: number, limit: number): Promise<TrackedBlock[]> {
  const { rows } = await db.query<Row>(
    `SELECT ${COLUMNS} WHERE b.state IN ('found', 'pending') OR b.height >= $1 ORDER BY b.height, b.hash LIMIT $2`,
    [height_min, limit],
  );
  return rows.map(fromRow);
}

/** Locks the block's row to the end of the transaction. */
export async function lockBlock(db: Queryable, hash: string): Promise<TrackedBlock | null> {
  const { rows } = await db.query<Row>(`SELECT ${COLUMNS} WHERE b.hash = $1 FOR UPDATE OF b`, [hash]);
  return rows[0] ? fromRow(rows[0]) : null;
}

/** Writes down the change of state as well, where there is one. */
/** Those of the given blocks that the database has. */
export async function listKnownBlocks(db: Queryable, hashes: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ hash: string }>("SELECT hash FROM block WHERE hash = ANY($1)", [hashes]);
  return rows.map((row) => row.hash);
}

export async function moveBlock(
  db: Queryable,
  hash: string,
  to: { state: BlockState; confirmations: number; note: string | null },
): Promise<void> {
  await db.query(
    `INSERT INTO block_move (block_hash, from_state, to_state, note)
     SELECT hash, state, $2::block_state, $3 FROM block WHERE hash = $1 AND state <> $2::block_state`,
    [hash, to.state, to.note],
  );
  await db.query("UPDATE block SET state = $2, confirmations = $3, note = $4, updated_at = now() WHERE hash = $1", [
    hash,
    to.state,
    to.confirmations,
    to.note,
  ]);
}

export async function countBlocks(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ n: string }>(
    "SELECT count(*) AS n FROM block WHERE state IN ('found', 'pending', 'confirmed')",
  );
  return Number(rows[0]?.n ?? 0);
}

function fromRow({ found_ms, ...row }: Row): TrackedBlock {
  return {
    ...row,
    round_id: BigInt(row.round_id),
    reward_sats: BigInt(row.reward_sats),
    found_at_ms: Math.round(Number(found_ms)),
  };
}

/** Of these blocks, the ones whose state has not moved since a time and that are neither found nor pending. */
export async function listSettledBlocks(db: Queryable, hashes: string[], before_ms: number): Promise<string[]> {
  if (hashes.length === 0) return [];
  const { rows } = await db.query<{ hash: string }>(
    `SELECT hash FROM block WHERE hash = ANY($1::text[]) AND state IN ('confirmed', 'orphaned', 'rejected')
       AND updated_at < to_timestamp($2::float8 / 1000)`,
    [hashes, before_ms],
  );
  return rows.map((row) => row.hash);
}
