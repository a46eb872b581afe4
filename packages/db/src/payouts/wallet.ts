/** What the pool may spend, and what the chain says became of it. */
import { type Database, type Queryable, transaction } from "../pool/connect.ts";
import { stopBatch } from "./transactions.ts";

export interface WalletOutputRow {
  txid: string;
  vout: number;
  value_sats: bigint;
  script_hex: string;
  source: "block" | "change" | "descriptor";
  descriptor: string | null;
  height: number;
  coinbase: boolean;
}

/** Adds outputs that were found in the chain; one that is known gets its height (again) and its descriptor. */
export async function addWalletOutputs(db: Queryable, outputs: readonly WalletOutputRow[]): Promise<void> {
  if (outputs.length === 0) return;
  await db.query(
    `INSERT INTO wallet_output AS o (txid, vout, value_sats, script_hex, source, descriptor, height, coinbase)
     SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::int[], $8::boolean[])
     ON CONFLICT (txid, vout) DO UPDATE SET height = excluded.height, descriptor = coalesce(excluded.descriptor, o.descriptor)`,
    [
      outputs.map((output) => output.txid),
      outputs.map((output) => output.vout),
      outputs.map((output) => output.value_sats.toString()),
      outputs.map((output) => output.script_hex),
      outputs.map((output) => output.source),
      outputs.map((output) => output.descriptor),
      outputs.map((output) => output.height),
      outputs.map((output) => output.coinbase),
    ],
  );
}

export interface FreeOutput extends WalletOutputRow {
  /** An input of a given-up transaction that left the pool: the next transaction has to spend it. */
  required: boolean;
}

/** Outputs that are in the chain, not spent and not reserved. Oldest first. */
export async function listFreeOutputs(db: Queryable): Promise<FreeOutput[]> {
  const { rows } = await db.query<Omit<FreeOutput, "value_sats"> & { value: string }>(
    `SELECT o.txid, o.vout, o.value_sats::text AS value, o.script_hex, o.source, o.descriptor, o.height, o.coinbase,
       o.transaction_id IS NOT NULL AS required
     FROM wallet_output o LEFT JOIN payout_transaction t ON t.id = o.transaction_id
     WHERE o.spent_txid IS NULL AND o.height IS NOT NULL AND (o.transaction_id IS NULL OR t.state = 'abandoned')
     ORDER BY o.height, o.txid, o.vout LIMIT 20000`,
  );
  return rows.map(({ value, ...row }) => ({ ...row, value_sats: BigInt(value) }));
}

/** Outputs that these transactions spend, whatever else holds of them. */
export async function readOutputs(
  db: Queryable,
  outpoints: readonly { txid: string; vout: number }[],
): Promise<WalletOutputRow[]> {
  const { rows } = await db.query<Omit<WalletOutputRow, "value_sats"> & { value: string }>(
    `SELECT o.txid, o.vout, o.value_sats::text AS value, o.script_hex, o.source, o.descriptor, coalesce(o.height, 0) AS height, o.coinbase
     FROM wallet_output o JOIN unnest($1::text[], $2::int[]) AS v (txid, vout) ON v.txid = o.txid AND v.vout = o.vout`,
    [outpoints.map((outpoint) => outpoint.txid), outpoints.map((outpoint) => outpoint.vout)],
  );
  return rows.map(({ value, ...row }) => ({ ...row, value_sats: BigInt(value) }));
}

/** Blocks of the pool whose coinbase is not among the outputs yet. */
export async function listUnknownCoinbases(
  db: Queryable,
  limit: number,
): Promise<{ hash: string; height: number; coinbase_txid: string }[]> {
  const { rows } = await db.query<{ hash: string; height: number; coinbase_txid: string }>(
    `SELECT b.hash, b.height, b.coinbase_txid FROM block b
     WHERE b.state IN ('pending', 'confirmed') AND NOT EXISTS (SELECT 1 FROM wallet_output o WHERE o.txid = b.coinbase_txid)
     ORDER BY b.height LIMIT $1`,
    [limit],
  );
  return rows;
}

/** Every outpoint that is not spent, as `txid:vout`, and every script that was ever paid to. */
export async function readWatched(db: Queryable): Promise<{ outpoints: Set<string>; scripts: Set<string> }> {
  const [outpoints, scripts] = await Promise.all([
    db.query<{ outpoint: string }>("SELECT txid || ':' || vout AS outpoint FROM wallet_output WHERE spent_height IS NULL"),
    db.query<{ script_hex: string }>("SELECT DISTINCT script_hex FROM wallet_output LIMIT 10000"),
  ]);
  return {
    outpoints: new Set(outpoints.rows.map((row) => row.outpoint)),
    scripts: new Set(scripts.rows.map((row) => row.script_hex)),
  };
}

export interface SearchedBlock {
  height: number;
  hash: string;
}

/** Blocks that were searched, newest first. */
export async function listSearchedBlocks(db: Queryable, limit: number): Promise<SearchedBlock[]> {
  const { rows } = await db.query<SearchedBlock>("SELECT height, hash FROM wallet_block ORDER BY height DESC LIMIT $1", [limit]);
  return rows;
}

/** A transaction of a block that spends what the pool knows as its own. */
export interface SpendingTransaction {
  txid: string;
  /** Id without its signatures: by it the pool knows its own, whoever signed or changed them. */
  unsigned_txid: string;
  raw_hex: string;
  spends: { txid: string; vout: number }[];
}

export interface BlockFindings extends SearchedBlock {
  outputs: WalletOutputRow[];
  spending: SpendingTransaction[];
}

export interface BlockConsequences {
  /** Batches whose transaction is in this block. */
  mined: { batch_id: number; txid: string }[];
  /** Batches that were stopped because somebody else spent an input. */
  stopped: { batch_id: number; why: string }[];
  /** Given-up batches whose transaction was signed and sent nevertheless. */
  revived: { batch_id: number; txid: string }[];
}

const KEPT_BLOCKS = 2_000;

/** Books what one block says, in one transaction; a block that was searched before changes nothing. */
export function recordBlock(database: Database, found: BlockFindings): Promise<BlockConsequences> {
  return transaction(database, async (client) => {
    const result: BlockConsequences = { mined: [], stopped: [], revived: [] };
    const added = await client.query("INSERT INTO wallet_block (height, hash) VALUES ($1, $2) ON CONFLICT (height) DO NOTHING", [
      found.height,
      found.hash,
    ]);
    if (added.rowCount === 0) return result;
    await client.query("DELETE FROM wallet_block WHERE height <= $1", [found.height - KEPT_BLOCKS]);
    await addWalletOutputs(client, found.outputs);
    for (const spender of found.spending) await recordSpender(client, found, spender, result);
    return result;
  });
}

async function recordSpender(
  db: Queryable,
  block: SearchedBlock,
  spender: SpendingTransaction,
  result: BlockConsequences,
): Promise<void> {
  const ours = await db.query<{ id: number; batch_id: number; state: string; batch_state: string }>(
    `SELECT t.id, t.batch_id, t.state, b.state AS batch_state FROM payout_transaction t JOIN payout_batch b ON b.id = t.batch_id
     WHERE t.unsigned_txid = $1 ORDER BY t.id DESC LIMIT 1`,
    [spender.unsigned_txid],
  );
  const own = ours.rows[0];
  if (own) {
    const given_up = own.batch_state === "cancelled";
    await db.query(
      `UPDATE payout_transaction SET txid = $2, raw_hex = $3, block_hash = $4, block_height = $5, signed_at = coalesce(signed_at, now()),
         broadcast_at = coalesce(broadcast_at, now()), trouble = NULL,
         state = CASE WHEN state IN ('unsigned', 'signed', 'replaced') THEN 'broadcast'::payout_transaction_state ELSE state END WHERE id = $1`,
      [own.id, spender.txid, spender.raw_hex, block.hash, block.height],
    );
    if (given_up) {
      result.revived.push({ batch_id: own.batch_id, txid: spender.txid });
      await holdRevived(db, own.batch_id, spender.txid);
    } else {
      await db.query(
        `UPDATE payout_batch SET state = 'broadcast', waiting_for = NULL, updated_at = now() WHERE id = $1 AND state IN ('unsigned', 'signed')`,
        [own.batch_id],
      );
      result.mined.push({ batch_id: own.batch_id, txid: spender.txid });
    }
  }
  for (const spent of spender.spends) {
    const { rows } = await db.query<{ batch_id: number | null }>(
      `UPDATE wallet_output o SET spent_txid = $3, spent_height = $4 WHERE o.txid = $1 AND o.vout = $2
       RETURNING (SELECT t.batch_id FROM payout_transaction t JOIN payout_batch b ON b.id = t.batch_id
         WHERE t.id = o.transaction_id AND b.state NOT IN ('settled', 'cancelled')) AS batch_id`,
      [spent.txid, spent.vout, spender.txid, block.height],
    );
    const batch_id = rows[0]?.batch_id ?? null;
    if (batch_id === null || batch_id === own?.batch_id) continue;
    const why = `Its input ${spent.txid}:${spent.vout} was spent in block ${block.height} by ${spender.txid}, which is not a transaction of this batch: as it is, it can never be mined. Find out who has the key. When that block is deep enough the batch can be given up and its accounts planned again.`;
    if (await stopBatch(db, batch_id, why)) result.stopped.push({ batch_id, why });
  }
}

/** The accounts of a batch that was given up and paid nevertheless are held, and open batches with them stopped: nobody is paid twice. */
async function holdRevived(db: Queryable, batch_id: number, txid: string): Promise<void> {
  const reason = `Batch ${batch_id} was given up, yet somebody sent its transaction ${txid}: correct the ledger before paying again.`;
  await db.query(
    `INSERT INTO payout_hold (account_id, reason, placed_by)
     SELECT i.account_id, $2, 'pool' FROM payout_item i WHERE i.batch_id = $1 AND i.excluded_by IS NULL
       AND NOT EXISTS (SELECT 1 FROM payout_hold h WHERE h.account_id = i.account_id AND h.released_at IS NULL)`,
    [batch_id, reason],
  );
  await db.query(
    `UPDATE payout_batch b SET stopped_why = $2, updated_at = now()
     WHERE b.stopped_why IS NULL AND b.state IN ('planned', 'approved', 'unsigned') AND EXISTS (SELECT 1 FROM payout_item i
       JOIN payout_item paid ON paid.account_id = i.account_id AND paid.batch_id = $1 AND paid.excluded_by IS NULL
       WHERE i.batch_id = b.id AND i.excluded_by IS NULL)`,
    [batch_id, reason],
  );
}

/** Takes back what blocks above this height said: they are no longer in the chain. Returns batches whose transaction went with them. */
export function rewindBlocks(database: Database, height: number): Promise<{ batch_id: number; settled: boolean }[]> {
  return transaction(database, async (client) => {
    await client.query("DELETE FROM wallet_block WHERE height > $1", [height]);
    await client.query("UPDATE wallet_output SET spent_txid = NULL, spent_height = NULL WHERE spent_height > $1", [height]);
    await client.query("UPDATE wallet_output SET height = NULL WHERE height > $1", [height]);
    const { rows } = await client.query<{ batch_id: number; settled: boolean }>(
      `UPDATE payout_transaction t SET block_hash = NULL, block_height = NULL, confirmations = 0 FROM payout_batch b
       WHERE b.id = t.batch_id AND t.block_height > $1 RETURNING t.batch_id, b.state = 'settled' AS settled`,
      [height],
    );
    return rows;
  });
}

/** Counts confirmations anew, for transactions that are in a block. */
export async function countConfirmations(db: Queryable, tip_height: number): Promise<void> {
  await db.query(
    `UPDATE payout_transaction SET confirmations = $1::int - block_height + 1
     WHERE block_height IS NOT NULL AND state IN ('broadcast', 'confirmed') AND block_height > $1::int - ${KEPT_BLOCKS}
       AND confirmations <> $1::int - block_height + 1`,
    [tip_height],
  );
}

/** Of each batch the newest transaction that was sent, while none of them is in a block. Settled ones that a reorganisation took too. */
export async function listUnmined(
  db: Queryable,
): Promise<{ id: number; batch_id: number; txid: string; raw_hex: string; settled: boolean }[]> {
  const { rows } = await db.query<{ id: number; batch_id: number; txid: string; raw_hex: string; settled: boolean }>(
    `SELECT DISTINCT ON (t.batch_id) t.id, t.batch_id, t.txid, t.raw_hex, b.state = 'settled' AS settled
     FROM payout_transaction t JOIN payout_batch b ON b.id = t.batch_id
     WHERE t.state IN ('broadcast', 'confirmed') AND t.block_hash IS NULL AND t.raw_hex IS NOT NULL AND b.stopped_why IS NULL
       AND NOT EXISTS (SELECT 1 FROM payout_transaction x WHERE x.batch_id = t.batch_id AND x.block_hash IS NOT NULL)
     ORDER BY t.batch_id, t.attempt DESC LIMIT 200`,
  );
  return rows;
}
