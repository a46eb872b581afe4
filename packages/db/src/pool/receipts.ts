/**
 * Receipts, as they are made from the share log: what was read, what came of it and how far reading has come are one transaction, so
 * that each record counts once, whatever dies. The sums of the open receipt are carried from batch to batch; at a block's
 * own record they become its leaves. How the log was cut into batches leaves no trace in them.
 */
import { bytesToHex, hexToBytes } from "@otedama/shared";
import {
  emptyTally,
  NO_PREVIOUS,
  packNodes,
  RECEIPT_SHARE_BYTES,
  type ReceiptHead,
  type ReceiptLeaf,
  receiptDigest,
  rootOf,
  subtreesOf,
  type Tally,
  tallyShares,
} from "@otedama/shared/receipt";
import { type Database, type Queryable, transaction } from "./connect.ts";
import type { LogPosition } from "./shares.ts";

export interface ReceiptBatch {
  instance_id: string;
  from: LogPosition;
  to: LogPosition;
  /** Of the records of any kind in it; null when there are none. */
  stretch: { first_sequence: bigint; last_sequence: bigint; started_at_ms: number; ended_at_ms: number } | null;
  /** Accepted shares by worker id, packed, in the order of the log. */
  accepted: { worker_id: number; packed: Uint8Array }[];
  /** Hash of the block whose record ends the batch. */
  closes: string | null;
  /** The log went on after a part of it that is gone. */
  gap: boolean;
}

export type ReceiptStep =
  | { archived: true; receipt: { block_hash: string; digest: string; leaves: number; shares: bigint } | null }
  /** Somebody read on from here already: go on from `position`. */
  | { archived: false; position: LogPosition };

export interface ReceiptOptions {
  /** Shares of one receipt that are kept for their accounts; beyond them only the sums are. */
  shares_kept_max: number;
}

const SHARES_PER_PIECE = 10_000;

interface CursorRow {
  segment: string;
  offset: string;
  number: number;
  previous_digest: Buffer;
  first_sequence: string | null;
  last_sequence: string | null;
  started_at: Date | null;
  ended_at: Date | null;
  shares_kept: string;
  complete: boolean;
}

interface Group {
  account_id: number;
  address: string;
  solo: boolean;
  before: Tally;
  packed: Uint8Array;
}

/** Where an instance's log is to be read from for receipts; null for one that was never read. */
export async function readReceiptPosition(db: Queryable, instance_id: string): Promise<LogPosition | null> {
  const { rows } = await db.query<{ segment: string; offset: string }>(
    'SELECT segment, "offset" FROM receipt_cursor WHERE instance_id = $1',
    [instance_id],
  );
  const row = rows[0];
  return row ? { segment: Number(row.segment), offset: Number(row.offset) } : null;
}

/** Of these hashes, the blocks of an instance that wait for their receipt. */
export async function blocksWithoutReceipt(db: Queryable, instance_id: string, hashes: string[]): Promise<Set<string>> {
  if (hashes.length === 0) return new Set();
  const { rows } = await db.query<{ hash: string }>(
    `SELECT b.hash FROM block b WHERE b.hash = ANY($2::text[]) AND b.instance_id = $1
       AND NOT EXISTS (SELECT 1 FROM receipt r WHERE r.block_hash = b.hash)`,
    [instance_id, hashes],
  );
  return new Set(rows.map((row) => row.hash));
}

export function archiveShares(database: Database, batch: ReceiptBatch, options: ReceiptOptions): Promise<ReceiptStep> {
  return transaction(database, async (client) => {
    const cursor = await lockCursor(client, batch);
    const position = { segment: Number(cursor.segment), offset: Number(cursor.offset) };
    if (position.segment !== batch.from.segment || position.offset !== batch.from.offset) return { archived: false, position };

    const groups = await groupByAccount(client, batch);
    await carryOn(client, batch.instance_id, groups);
    const shares = groups.reduce((sum, group) => sum + group.packed.length / RECEIPT_SHARE_BYTES, 0);
    const kept = Number(cursor.shares_kept) + shares <= options.shares_kept_max;
    if (kept) await keepShares(client, batch.instance_id, cursor.number, groups);

    const open = {
      first_sequence: cursor.first_sequence ?? batch.stretch?.first_sequence.toString() ?? null,
      last_sequence: batch.stretch?.last_sequence.toString() ?? cursor.last_sequence,
      started_at: cursor.started_at ?? (batch.stretch && new Date(batch.stretch.started_at_ms)),
      ended_at: batch.stretch ? new Date(batch.stretch.ended_at_ms) : cursor.ended_at,
      complete: cursor.complete && !batch.gap,
    };
    const receipt = batch.closes === null ? null : await close(client, batch.instance_id, batch.closes, { ...cursor, ...open });
    const next = receipt
      ? { number: cursor.number + 1, digest: receipt.digest, shares_kept: 0, ...NOTHING_OPEN }
      : {
          number: cursor.number,
          digest: bytesToHex(cursor.previous_digest),
          shares_kept: Number(cursor.shares_kept) + (kept ? shares : 0),
          ...open,
        };
    await client.query(
      `UPDATE receipt_cursor SET segment = $2, "offset" = $3, number = $4, previous_digest = $5, first_sequence = $6,
         last_sequence = $7, started_at = $8, ended_at = $9, shares_kept = $10, complete = $11 WHERE instance_id = $1`,
      [
        batch.instance_id,
        batch.to.segment,
        batch.to.offset,
        next.number,
        Buffer.from(next.digest, "hex"),
        next.first_sequence,
        next.last_sequence,
        next.started_at,
        next.ended_at,
        next.shares_kept,
        next.complete,
      ],
    );
    return { archived: true, receipt };
  });
}

const NOTHING_OPEN = { first_sequence: null, last_sequence: null, started_at: null, ended_at: null, complete: true };

async function lockCursor(db: Queryable, batch: ReceiptBatch): Promise<CursorRow> {
  await db.query(
    `INSERT INTO receipt_cursor (instance_id, segment, "offset", previous_digest) VALUES ($1, $2, $3, $4)
     ON CONFLICT (instance_id) DO NOTHING`,
    [batch.instance_id, batch.from.segment, batch.from.offset, Buffer.from(NO_PREVIOUS, "hex")],
  );
  const { rows } = await db.query<CursorRow>("SELECT * FROM receipt_cursor WHERE instance_id = $1 FOR UPDATE", [
    batch.instance_id,
  ]);
  const row = rows[0];
  if (!row) throw new Error(`the receipts' cursor of ${batch.instance_id} vanished`);
  return row;
}

/** A worker that the database does not know earns nothing, and so is in no receipt; the accounting reports it. */
async function groupByAccount(db: Queryable, batch: ReceiptBatch): Promise<Group[]> {
  const ids = [...new Set(batch.accepted.map((share) => share.worker_id))].filter((id) => id <= 0x7fffffff);
  const { rows } = await db.query<{ id: number; account_id: number; solo: boolean; address: string }>(
    "SELECT w.id, w.account_id, w.solo, a.address FROM worker w JOIN account a ON a.id = w.account_id WHERE w.id = ANY($1::int[])",
    [ids],
  );
  const workers = new Map(rows.map((row) => [row.id, row]));
  const pieces = new Map<string, { account_id: number; address: string; solo: boolean; packed: Uint8Array[] }>();
  for (const share of batch.accepted) {
    const worker = workers.get(share.worker_id);
    if (!worker) continue;
    const key = `${worker.account_id} ${worker.solo}`;
    const piece = pieces.get(key);
    if (piece) piece.packed.push(share.packed);
    else pieces.set(key, { ...worker, packed: [share.packed] });
  }
  const tallies = await readTallies(db, batch.instance_id, [...new Set(rows.map((row) => row.account_id))]);
  return [...pieces].map(([key, { account_id, address, solo, packed }]) => ({
    account_id,
    address,
    solo,
    before: tallies.get(key) ?? emptyTally(address, solo),
    packed: Buffer.concat(packed),
  }));
}

async function readTallies(db: Queryable, instance_id: string, account_ids: number[]): Promise<Map<string, Tally>> {
  const { rows } = await db.query<{ account_id: number; solo: boolean; shares: string; work_hashes: string; chain: Buffer }>(
    "SELECT account_id, solo, shares, work_hashes, chain FROM receipt_tally WHERE instance_id = $1 AND account_id = ANY($2::int[])",
    [instance_id, account_ids],
  );
  return new Map(
    rows.map((row) => [
      `${row.account_id} ${row.solo}`,
      { shares: BigInt(row.shares), work_hashes: BigInt(row.work_hashes), chain: row.chain },
    ]),
  );
}

async function carryOn(db: Queryable, instance_id: string, groups: Group[]): Promise<void> {
  if (groups.length === 0) return;
  const after = groups.map((group) => tallyShares(group.before, group.packed));
  await db.query(
    `INSERT INTO receipt_tally (instance_id, account_id, solo, shares, work_hashes, chain)
     SELECT $1, * FROM unnest($2::int[], $3::bool[], $4::bigint[], $5::numeric[], $6::bytea[])
     ON CONFLICT (instance_id, account_id, solo) DO UPDATE
       SET shares = excluded.shares, work_hashes = excluded.work_hashes, chain = excluded.chain`,
    [
      instance_id,
      groups.map((group) => group.account_id),
      groups.map((group) => group.solo),
      after.map((tally) => tally.shares.toString()),
      after.map((tally) => tally.work_hashes.toString()),
      after.map((tally) => Buffer.from(tally.chain)),
    ],
  );
}

async function keepShares(db: Queryable, instance_id: string, number: number, groups: Group[]): Promise<void> {
  const pieces = groups.flatMap((group) => {
    const cut: { group: Group; position: bigint; packed: Uint8Array }[] = [];
    const bytes = SHARES_PER_PIECE * RECEIPT_SHARE_BYTES;
    for (let at = 0; at < group.packed.length; at += bytes) {
      const position = group.before.shares + BigInt(at / RECEIPT_SHARE_BYTES);
      cut.push({ group, position, packed: group.packed.subarray(at, at + bytes) });
    }
    return cut;
  });
  if (pieces.length === 0) return;
  await db.query(
    `INSERT INTO receipt_shares (instance_id, number, account_id, solo, position, count, packed)
     SELECT $1, $2, * FROM unnest($3::int[], $4::bool[], $5::bigint[], $6::int[], $7::bytea[])`,
    [
      instance_id,
      number,
      pieces.map((piece) => piece.group.account_id),
      pieces.map((piece) => piece.group.solo),
      pieces.map((piece) => piece.position.toString()),
      pieces.map((piece) => piece.packed.length / RECEIPT_SHARE_BYTES),
      pieces.map((piece) => Buffer.from(piece.packed)),
    ],
  );
}

/** Null when no share was accepted since the instance's last block: then there is nothing to show, and the next block's receipt goes on. */
async function close(
  db: Queryable,
  instance_id: string,
  block_hash: string,
  open: Omit<CursorRow, "segment" | "offset">,
): Promise<{ block_hash: string; digest: string; leaves: number; shares: bigint } | null> {
  const { rows } = await db.query<ReceiptLeaf & { account_id: number; shares: string; work_hashes: string }>(
    `SELECT t.account_id, a.address, t.solo, t.shares, t.work_hashes, t.chain
     FROM receipt_tally t JOIN account a ON a.id = t.account_id WHERE t.instance_id = $1 ORDER BY a.address COLLATE "C", t.solo`,
    [instance_id],
  );
  if (rows.length === 0 || open.first_sequence === null || open.last_sequence === null) return null;
  const leaves = rows.map((row) => ({ ...row, shares: BigInt(row.shares), work_hashes: BigInt(row.work_hashes) }));
  const subtrees = subtreesOf(leaves);
  const root = rootOf(subtrees);
  const head: ReceiptHead = {
    block_hash,
    instance_id,
    previous_digest: bytesToHex(open.previous_digest),
    first_sequence: BigInt(open.first_sequence),
    last_sequence: BigInt(open.last_sequence),
    leaves: leaves.length,
    root,
  };
  const digest = receiptDigest(head);
  await db.query(
    `INSERT INTO receipt (block_hash, instance_id, number, digest, previous_digest, first_sequence, last_sequence, started_at, ended_at,
       complete, leaf_count, shares, pooled_hashes, solo_hashes, root, subtrees)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
    [
      block_hash,
      instance_id,
      open.number,
      Buffer.from(hexToBytes(digest)),
      open.previous_digest,
      open.first_sequence,
      open.last_sequence,
      open.started_at,
      open.ended_at,
      open.complete,
      leaves.length,
      root.shares.toString(),
      root.pooled_hashes.toString(),
      root.solo_hashes.toString(),
      Buffer.from(root.hash),
      Buffer.from(packNodes(subtrees)),
    ],
  );
  await db.query(
    `INSERT INTO receipt_leaf (block_hash, position, account_id, solo, shares, work_hashes, chain)
     SELECT $1, p - 1, account_id, solo, shares, work_hashes, chain
     FROM unnest($2::int[], $3::bool[], $4::bigint[], $5::numeric[], $6::bytea[])
       WITH ORDINALITY AS v (account_id, solo, shares, work_hashes, chain, p)`,
    [
      block_hash,
      leaves.map((leaf) => leaf.account_id),
      leaves.map((leaf) => leaf.solo),
      leaves.map((leaf) => leaf.shares.toString()),
      leaves.map((leaf) => leaf.work_hashes.toString()),
      leaves.map((leaf) => leaf.chain),
    ],
  );
  await db.query("DELETE FROM receipt_tally WHERE instance_id = $1", [instance_id]);
  return { block_hash, digest, leaves: leaves.length, shares: root.shares };
}

/** Drops the kept shares of receipts that ended before a time, a bounded number of pieces at once; the receipts stay. */
export async function dropShares(db: Queryable, instance_id: string, before_ms: number, pieces_max: number): Promise<number> {
  const { rowCount } = await db.query(
    `DELETE FROM receipt_shares WHERE ctid IN (
       SELECT s.ctid FROM receipt r JOIN receipt_shares s ON s.instance_id = r.instance_id AND s.number = r.number
        WHERE r.instance_id = $1 AND r.ended_at < to_timestamp($2::float8 / 1000) LIMIT $3)`,
    [instance_id, before_ms, pieces_max],
  );
  return rowCount ?? 0;
}
