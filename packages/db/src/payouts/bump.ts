import { PoolPolicy } from "@otedama/shared";
import { type Database, type Queryable, type Transaction, transaction } from "../pool/connect.ts";
import { bumpRefusal } from "./batches.ts";
import { PayoutError } from "./errors.ts";
import { lockBatch } from "./lock.ts";
import { listAttempts } from "./transactions.ts";

/**
 * Asks the pool to offer the network a higher fee for a batch that is stuck: the same inputs and payments again, less change. The pool
 * bears what is added. `fee_rate` in satoshis a virtual byte; it has to be at least one above the newest attempt's (BIP 125) and
 * within the policy of the batch.
 *
 * Throws a PayoutError: `not_found`, `wrong_state`, `bad_input`.
 */
export async function requestBump(
  database: Database | Transaction,
  options: { batch_id: number; fee_rate: number; person: string },
): Promise<void> {
  const { fee_rate } = options;
  if (!Number.isFinite(fee_rate) || fee_rate <= 0) {
    throw new PayoutError("bad_input", "fee_rate: give a number of satoshis a virtual byte above 0.");
  }
  return transaction(database, async (client) => {
    const batch = await lockBatch(client, options.batch_id);
    const attempts = await listAttempts(client, batch.id);
    const refusal = batch.stopped_why ?? bumpRefusal(batch.state, attempts);
    if (refusal !== null) throw new PayoutError("wrong_state", refusal);
    const policy = await client.query<{ policy: unknown }>("SELECT policy FROM pool_policy ORDER BY version DESC LIMIT 1");
    const { fee_rate_max } = PoolPolicy.parse(policy.rows[0]?.policy).payouts;
    const before = Math.max(...attempts.map((attempt) => attempt.fee_rate));
    if (fee_rate < before + 1) {
      throw new PayoutError("bad_input", `fee_rate: at least ${(before + 1).toFixed(1)} sat/vB, one above what was offered.`);
    }
    if (fee_rate > fee_rate_max) {
      throw new PayoutError("bad_input", `fee_rate: at most ${fee_rate_max} sat/vB, the policy's fee_rate_max.`);
    }
    await client.query("UPDATE payout_batch SET bump_fee_rate = $2, bump_by = $3, updated_at = now() WHERE id = $1", [
      batch.id,
      fee_rate,
      options.person,
    ]);
  });
}

/** The fee rate that a person asked for; null when nobody did. It stays until `clearBumpRequest`. */
export async function readBumpRequest(db: Queryable, batch_id: number): Promise<number | null> {
  const { rows } = await db.query<{ bump_fee_rate: number | null }>("SELECT bump_fee_rate FROM payout_batch WHERE id = $1", [
    batch_id,
  ]);
  return rows[0]?.bump_fee_rate ?? null;
}

/** The request is fulfilled, or cannot be. */
export async function clearBumpRequest(db: Queryable, batch_id: number): Promise<void> {
  await db.query("UPDATE payout_batch SET bump_fee_rate = NULL, bump_by = NULL WHERE id = $1", [batch_id]);
}
