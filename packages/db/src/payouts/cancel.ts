import { outpointName, readPsbt } from "@otedama/shared/psbt";
import { type Database, type Queryable, type Transaction, transaction } from "../pool/connect.ts";
import { writeEntry } from "../pool/ledger.ts";
import { PayoutError } from "./errors.ts";
import { requireReason } from "./exclude.ts";
import { type LockedBatch, lockBatch, moveBatch } from "./lock.ts";
import { moveMoney } from "./money.ts";
import { readPayoutPolicy } from "./policy.ts";

/**
 * Gives a batch up and makes its money available again.
 *
 * Before its transaction is signed that is always possible. When the unsigned PSBT has left the pool already, somebody may still sign and
 * send it; so the next transaction that the pool makes spends the same inputs, which leaves the given-up one without any. After
 * signing a batch can be given up only when the chain has made it impossible: one of the inputs of each of its
 * transactions was spent by somebody else, deep enough.
 *
 * Throws a PayoutError: `not_found`, `wrong_state`, `bad_input`.
 */
export async function cancelBatch(
  database: Database | Transaction,
  options: { batch_id: number; person: string; reason: string },
): Promise<void> {
  const reason = requireReason(options.reason);
  return transaction(database, async (client) => {
    const batch = await lockBatch(client, options.batch_id);
    const refusal = await cancelRefusal(client, batch);
    if (refusal !== null) throw new PayoutError("wrong_state", refusal);
    await freeOutputs(client, batch.id);
    await client.query(
      "UPDATE payout_transaction SET state = 'abandoned', trouble = $2 WHERE batch_id = $1 AND state NOT IN ('abandoned', 'replaced')",
      [batch.id, `Given up by ${options.person}: ${reason}`],
    );
    await returnItems(client, batch, options.person, reason);
    await moveBatch(client, batch.id, "cancelled");
    await client.query("UPDATE payout_batch SET cancelled_by = $2, stopped_why = NULL, note = $3 WHERE id = $1", [
      batch.id,
      options.person,
      reason,
    ]);
  });
}

/** Why the batch cannot be given up now, as a sentence; null when it can. */
export async function cancelRefusal(
  db: Queryable,
  batch: Pick<LockedBatch, "id" | "state" | "stopped_why">,
): Promise<string | null> {
  if (batch.state === "planned" || batch.state === "approved" || batch.state === "unsigned") {
    // A fee bump is unsigned beside an attempt that is signed.
    const signed = await db.query("SELECT 1 FROM payout_transaction WHERE batch_id = $1 AND raw_hex IS NOT NULL LIMIT 1", [
      batch.id,
    ]);
    if (signed.rowCount === 0) return null;
  }
  if (batch.state === "settled" || batch.state === "cancelled") return `Batch ${batch.id} is ${batch.state}.`;
  if (batch.stopped_why !== null && (await isImpossible(db, batch.id))) return null;
  return `Batch ${batch.id} is ${batch.state}: its transaction is signed and can be mined at any time, so it can no longer be given up. Wait for it, or raise its fee.`;
}

/** Whether each transaction of the batch has an input that somebody else spent, deep enough in the chain. */
async function isImpossible(db: Queryable, batch_id: number): Promise<boolean> {
  const { policy } = await readPayoutPolicy(db);
  const attempts = await db.query<{ psbt: string }>(
    "SELECT psbt FROM payout_transaction WHERE batch_id = $1 AND (raw_hex IS NOT NULL OR handed_out_at IS NOT NULL)",
    [batch_id],
  );
  const lost = await db.query<{ outpoint: string }>(
    `SELECT o.txid || ':' || o.vout AS outpoint FROM wallet_output o
     WHERE o.spent_height <= (SELECT max(height) FROM wallet_block) - $2::int + 1
       AND NOT EXISTS (SELECT 1 FROM payout_transaction t WHERE t.batch_id = $1 AND t.txid = o.spent_txid)`,
    [batch_id, policy.payouts.confirmations],
  );
  const gone = new Set(lost.rows.map((row) => row.outpoint));
  return attempts.rows.every(({ psbt }) => {
    const transaction = readPsbt(psbt);
    return Array.from({ length: transaction.inputsLength }, (_, i) => outpointName(transaction, i)).some((name) =>
      gone.has(name),
    );
  });
}

/** Outputs that were reserved are free again, but for those of a transaction that left the pool: the next one has to spend these. */
async function freeOutputs(db: Queryable, batch_id: number): Promise<void> {
  await db.query(
    `UPDATE wallet_output o SET transaction_id = NULL FROM payout_transaction t
     WHERE t.id = o.transaction_id AND t.batch_id = $1 AND (t.handed_out_at IS NULL OR o.spent_txid IS NOT NULL)`,
    [batch_id],
  );
}

async function returnItems(db: Queryable, batch: LockedBatch, person: string, reason: string): Promise<void> {
  const { rows } = await db.query<{ account_id: number; amount: string }>(
    "SELECT account_id, amount_sats::text AS amount FROM payout_item WHERE batch_id = $1 AND excluded_by IS NULL ORDER BY account_id",
    [batch.id],
  );
  const postings = rows.flatMap(({ account_id, amount }) =>
    moveMoney(batch.pays, "paying", "available", { account_id, amount_sats: BigInt(amount) }),
  );
  await writeEntry(db, { cause: "payout_cancel", cause_key: String(batch.id), block_hash: null, postings, person, reason });
}
