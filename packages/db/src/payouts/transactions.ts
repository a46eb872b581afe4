/** A batch's transactions, as the executor moves them; each function is one durable step. */
import type { Network, PayoutBatchState } from "@otedama/shared";
import { PoolPolicy } from "@otedama/shared";
import { acceptSignedPsbt, type BuiltPsbt, PsbtError } from "@otedama/shared/psbt";
import { type Database, type Queryable, type Transaction, transaction } from "../pool/connect.ts";
import { PayoutError } from "./errors.ts";
import { lockBatch, moveBatch } from "./lock.ts";
import { readPayoutPolicy } from "./policy.ts";

export type PayoutTransactionState = "unsigned" | "signed" | "broadcast" | "confirmed" | "replaced" | "abandoned";

export interface PayoutTransactionRow {
  id: number;
  batch_id: number;
  attempt: number;
  state: PayoutTransactionState;
  psbt: string;
  unsigned_txid: string;
  txid: string | null;
  raw_hex: string | null;
  fee_sats: bigint;
  fee_rate: number;
  vsize: number;
  change_sats: bigint;
  handed_out_at_ms: number | null;
  broadcast_at_ms: number | null;
  block_hash: string | null;
  block_height: number | null;
  confirmations: number;
  trouble: string | null;
}

const COLUMNS = `t.id, t.batch_id, t.attempt, t.state, t.psbt, t.unsigned_txid, t.txid, t.raw_hex, t.fee_sats::text AS fee, t.fee_rate,
  t.vsize, t.change_sats::text AS change, (extract(epoch FROM t.handed_out_at) * 1000)::float8 AS handed_out_at_ms,
  (extract(epoch FROM t.broadcast_at) * 1000)::float8 AS broadcast_at_ms, t.block_hash, t.block_height, t.confirmations, t.trouble`;

type Raw = Omit<PayoutTransactionRow, "fee_sats" | "change_sats"> & { fee: string; change: string };

function fromRow({ fee, change, ...row }: Raw): PayoutTransactionRow {
  return { ...row, fee_sats: BigInt(fee), change_sats: BigInt(change) };
}

/** A batch's attempts, newest first. */
export async function listAttempts(db: Queryable, batch_id: number): Promise<PayoutTransactionRow[]> {
  const { rows } = await db.query<Raw>(
    `SELECT ${COLUMNS} FROM payout_transaction t WHERE t.batch_id = $1 ORDER BY t.attempt DESC`,
    [batch_id],
  );
  return rows.map(fromRow);
}

export interface OpenBatch {
  id: number;
  state: PayoutBatchState;
  fee_payer: "pool" | "miners";
  /** That holds now: whom and how much to pay was decided when the batch was planned, what to offer the network is decided today. */
  policy: PoolPolicy;
  amount_sats: bigint;
  waiting_for: string | null;
  stopped_why: string | null;
}

/** Batches that something is left to do for, oldest first; stopped ones too. */
export async function listOpenBatches(db: Queryable): Promise<OpenBatch[]> {
  const { rows } = await db.query<Omit<OpenBatch, "policy" | "amount_sats"> & { policy: unknown; amount: string }>(
    `SELECT b.id, b.state, b.fee_payer, p.policy, b.amount_sats::text AS amount, b.waiting_for, b.stopped_why
     FROM payout_batch b CROSS JOIN (SELECT policy FROM pool_policy ORDER BY version DESC LIMIT 1) p
     WHERE b.state IN ('approved', 'unsigned', 'signed', 'broadcast') ORDER BY b.id LIMIT 500`,
  );
  return rows.map(({ policy, amount, ...row }) => ({ ...row, policy: PoolPolicy.parse(policy), amount_sats: BigInt(amount) }));
}

export interface BatchItem {
  account_id: number;
  address: string;
  amount_sats: bigint;
  fee_part_sats: bigint;
}

/** Who a batch pays, without those taken out, largest first. */
export async function listBatchItems(db: Queryable, batch_id: number): Promise<BatchItem[]> {
  const { rows } = await db.query<{ account_id: number; address: string; amount: string; part: string }>(
    `SELECT account_id, address, amount_sats::text AS amount, fee_part_sats::text AS part FROM payout_item
     WHERE batch_id = $1 AND excluded_by IS NULL ORDER BY amount_sats DESC, account_id`,
    [batch_id],
  );
  return rows.map((row) => ({
    account_id: row.account_id,
    address: row.address,
    amount_sats: BigInt(row.amount),
    fee_part_sats: BigInt(row.part),
  }));
}

export interface Outpoint {
  txid: string;
  vout: number;
}

/**
 * Stores an unsigned transaction and reserves its inputs: from here on it may leave. `attempt` 1 is made of an approved batch, a higher
 * one is a fee bump beside an attempt that is out. False when the batch went on, somebody was taken out of it or an
 * input was taken since: then nothing is written.
 */
export function storeUnsigned(
  database: Database,
  spec: { batch_id: number; attempt: number; built: BuiltPsbt; fee_rate: number; inputs: Outpoint[]; items: BatchItem[] },
): Promise<boolean> {
  const { built, attempt } = spec;
  return transaction(database, async (client) => {
    const batch = await lockBatch(client, spec.batch_id);
    const expected = attempt === 1 ? ["approved"] : ["broadcast", "signed"];
    if (!expected.includes(batch.state) || batch.stopped_why !== null) return false;
    const amount_sats = spec.items.reduce((sum, item) => sum + item.amount_sats, 0n);
    if (amount_sats !== batch.amount_sats) return false;
    const taken = await client.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM (
         SELECT 1 FROM wallet_output o LEFT JOIN payout_transaction t ON t.id = o.transaction_id
         WHERE (o.txid, o.vout) IN (SELECT * FROM unnest($1::text[], $2::int[])) AND o.spent_txid IS NULL
           AND (o.transaction_id IS NULL OR t.state = 'abandoned' OR t.batch_id = $3)
         FOR UPDATE OF o) AS free`,
      [spec.inputs.map((input) => input.txid), spec.inputs.map((input) => input.vout), batch.id],
    );
    if (taken.rows[0]?.n !== spec.inputs.length) return false;
    const { rows } = await client.query<{ id: number }>(
      `INSERT INTO payout_transaction (batch_id, attempt, psbt, unsigned_txid, fee_sats, fee_rate, vsize, change_sats)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (batch_id, attempt) DO NOTHING RETURNING id`,
      [
        batch.id,
        attempt,
        built.psbt,
        built.unsigned_txid,
        built.fee_sats.toString(),
        spec.fee_rate,
        built.vsize,
        built.change_sats.toString(),
      ],
    );
    const id = rows[0]?.id;
    if (id === undefined) return false;
    await client.query(
      `UPDATE wallet_output o SET transaction_id = $1 FROM unnest($2::text[], $3::int[]) AS v (txid, vout)
       WHERE o.txid = v.txid AND o.vout = v.vout`,
      [id, spec.inputs.map((input) => input.txid), spec.inputs.map((input) => input.vout)],
    );
    if (attempt === 1) {
      await client.query(
        `UPDATE payout_item i SET fee_part_sats = v.part FROM unnest($2::int[], $3::bigint[]) AS v (account_id, part)
         WHERE i.batch_id = $1 AND i.account_id = v.account_id`,
        [batch.id, spec.items.map((item) => item.account_id), spec.items.map((item) => item.fee_part_sats.toString())],
      );
    }
    await moveBatch(client, batch.id, "unsigned");
    return true;
  });
}

/**
 * Written before the PSBT leaves, so that the pool never takes one that left for one that did not. False when the batch was given up
 * meanwhile: then it must not leave.
 */
export function markHandedOut(database: Database, batch_id: number, transaction_id: number): Promise<boolean> {
  return transaction(database, async (client) => {
    const batch = await lockBatch(client, batch_id);
    return batch.state === "unsigned" && batch.stopped_why === null && handOut(client, transaction_id);
  });
}

async function handOut(db: Queryable, transaction_id: number): Promise<boolean> {
  const { rowCount } = await db.query(
    "UPDATE payout_transaction SET handed_out_at = coalesce(handed_out_at, now()) WHERE id = $1 AND state = 'unsigned'",
    [transaction_id],
  );
  return rowCount === 1;
}

/**
 * The unsigned PSBT of a batch, for a person to download; from then on it counts as handed out.
 * Throws a PayoutError: `not_found`, `wrong_state`.
 */
export function downloadPsbt(
  database: Database | Transaction,
  options: { batch_id: number },
): Promise<{ transaction_id: number; attempt: number; psbt: string; unsigned_txid: string }> {
  return transaction(database, async (client) => {
    const batch = await lockBatch(client, options.batch_id);
    const newest = await unsignedAttempt(client, batch.id);
    if (batch.state !== "unsigned" || !newest) {
      throw new PayoutError("wrong_state", `Batch ${batch.id} is ${batch.state}: there is nothing to sign.`);
    }
    await handOut(client, newest.id);
    const { id, attempt, psbt, unsigned_txid } = newest;
    return { transaction_id: id, attempt, psbt, unsigned_txid };
  });
}

async function unsignedAttempt(db: Queryable, batch_id: number): Promise<PayoutTransactionRow | null> {
  const { rows } = await db.query<Raw>(
    `SELECT ${COLUMNS} FROM payout_transaction t WHERE t.batch_id = $1 AND t.state = 'unsigned' ORDER BY t.attempt DESC LIMIT 1`,
    [batch_id],
  );
  return rows[0] ? fromRow(rows[0]) : null;
}

/**
 * Takes a signed PSBT: checks it against the one given out (`acceptSignedPsbt`) and stores the finished transaction. The pool sends it
 * afterwards. Handing in the same one twice is no error.
 *
 * Throws a PayoutError (`not_found`, `wrong_state`), or a PsbtError that names the difference, the missing or false signature or the
 * fee.
 */
export function acceptSigned(
  database: Database | Transaction,
  options: { batch_id: number; psbt: string | Uint8Array; network: Network; signer: "reference" | "wallet" | "file" | "command" },
): Promise<{ txid: string }> {
  return transaction(database, async (client) => {
    const batch = await lockBatch(client, options.batch_id);
    if (batch.stopped_why !== null) throw new PayoutError("wrong_state", `Batch ${batch.id} was stopped: ${batch.stopped_why}`);
    const attempt = await unsignedAttempt(client, batch.id);
    if (batch.state !== "unsigned" || !attempt) {
      throw new PayoutError("wrong_state", `Batch ${batch.id} is ${batch.state}: no signature is waited for.`);
    }
    const { policy } = await readPayoutPolicy(client);
    // A fee that a person asked for by hand may lie above the policy's.
    const fee_rate_max = Math.max(policy.payouts.fee_rate_max, attempt.fee_rate);
    const signed = acceptSignedPsbt(attempt.psbt, options.psbt, {
      network: options.network,
      fee_rate_min: Math.min(policy.payouts.fee_rate_min, attempt.fee_rate),
      fee_rate_max,
    });
    if (signed.fee_sats !== attempt.fee_sats) {
      throw new PsbtError("fee", `The fee is ${signed.fee_sats} sats and was planned as ${attempt.fee_sats}.`);
    }
    await client.query(
      `UPDATE payout_transaction SET state = 'signed', raw_hex = $2, txid = $3, vsize = $4, signer = $5, signed_at = now(),
         handed_out_at = coalesce(handed_out_at, now()), trouble = NULL WHERE id = $1`,
      [attempt.id, signed.raw_hex, signed.txid, signed.vsize, options.signer],
    );
    await moveBatch(client, batch.id, "signed");
    return { txid: signed.txid };
  });
}

/** A node has taken the transaction, or knew it. */
export function markBroadcast(database: Database, transaction_id: number): Promise<void> {
  return transaction(database, async (client) => {
    const { rows } = await client.query<{ batch_id: number }>(
      `UPDATE payout_transaction SET state = 'broadcast', broadcast_at = coalesce(broadcast_at, now()), trouble = NULL
       WHERE id = $1 AND state IN ('signed', 'broadcast') RETURNING batch_id`,
      [transaction_id],
    );
    const batch_id = rows[0]?.batch_id;
    if (batch_id === undefined) return;
    const batch = await lockBatch(client, batch_id);
    if (batch.state === "signed") await moveBatch(client, batch_id, "broadcast");
  });
}

/** What a signer or a node said against a transaction; null when it has nothing to say any more. */
export async function noteTrouble(db: Queryable, transaction_id: number, trouble: string | null): Promise<void> {
  await db.query("UPDATE payout_transaction SET trouble = $2 WHERE id = $1 AND trouble IS DISTINCT FROM $2", [
    transaction_id,
    trouble?.slice(0, 500) ?? null,
  ]);
}

/** What a batch waits for, as a sentence; null when it goes on. True when that is news. */
export async function noteWaiting(db: Queryable, batch_id: number, sentence: string | null): Promise<boolean> {
  const { rowCount } = await db.query(
    "UPDATE payout_batch SET waiting_for = $2, updated_at = now() WHERE id = $1 AND waiting_for IS DISTINCT FROM $2",
    [batch_id, sentence?.slice(0, 500) ?? null],
  );
  return (rowCount ?? 0) > 0;
}

/** Stops a batch until a person decides. False when it was stopped before. */
export async function stopBatch(db: Queryable, batch_id: number, why: string): Promise<boolean> {
  const { rowCount } = await db.query(
    "UPDATE payout_batch SET stopped_why = $2, waiting_for = NULL, updated_at = now() WHERE id = $1 AND stopped_why IS NULL",
    [batch_id, why.slice(0, 1000)],
  );
  return (rowCount ?? 0) > 0;
}

/** Lets a stopped batch go on: its transaction is followed again. Throws a PayoutError `wrong_state`. */
export async function resumeBatch(db: Queryable, options: { batch_id: number; person: string }): Promise<void> {
  const { rowCount } = await db.query(
    "UPDATE payout_batch SET stopped_why = NULL, updated_at = now() WHERE id = $1 AND stopped_why IS NOT NULL",
    [options.batch_id],
  );
  if (rowCount === 0) throw new PayoutError("wrong_state", `Batch ${options.batch_id} is not stopped.`);
}
