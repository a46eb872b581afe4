import { type Database, type Transaction, transaction } from "../pool/connect.ts";
import { writeEntry } from "../pool/ledger.ts";
import { PayoutError } from "./errors.ts";
import { lockBatch, moveBatch } from "./lock.ts";
import { moveMoney } from "./money.ts";

/**
 * Takes one account out of a batch that no transaction was made of yet; its money is available again. A batch whose last account goes is
 * cancelled. Approvals stay: the batch only pays less.
 *
 * Throws a PayoutError: `not_found`, `wrong_state`, `bad_input`.
 */
export async function excludeItem(
  database: Database | Transaction,
  options: { batch_id: number; account_id: number; person: string; reason: string },
): Promise<{ batch_cancelled: boolean }> {
  const { account_id, person } = options;
  const reason = requireReason(options.reason);
  return transaction(database, async (client) => {
    const batch = await lockBatch(client, options.batch_id);
    if (batch.state !== "planned" && batch.state !== "approved") {
      throw new PayoutError(
        "wrong_state",
        `Batch ${batch.id} is ${batch.state}: its transaction is made, and nobody can be taken out of it any more.`,
      );
    }
    const taken = await client.query<{ amount: string }>(
      `UPDATE payout_item SET excluded_by = $3, excluded_why = $4 WHERE batch_id = $1 AND account_id = $2 AND excluded_by IS NULL
       RETURNING amount_sats::text AS amount`,
      [batch.id, account_id, person, reason],
    );
    const row = taken.rows[0];
    if (!row) throw new PayoutError("not_found", `Account ${account_id} is not in batch ${batch.id}, or was taken out before.`);
    const amount_sats = BigInt(row.amount);
    await writeEntry(client, {
      cause: "payout_cancel",
      cause_key: `${batch.id}:${account_id}`,
      block_hash: null,
      person,
      reason,
      postings: moveMoney(batch.pays, "paying", "available", { account_id, amount_sats }),
    });
    await client.query("UPDATE payout_batch SET amount_sats = amount_sats - $2, updated_at = now() WHERE id = $1", [
      batch.id,
      amount_sats.toString(),
    ]);
    const left = await client.query("SELECT 1 FROM payout_item WHERE batch_id = $1 AND excluded_by IS NULL LIMIT 1", [batch.id]);
    const batch_cancelled = left.rowCount === 0;
    if (batch_cancelled) {
      await moveBatch(client, batch.id, "cancelled");
      await client.query("UPDATE payout_batch SET cancelled_by = $2 WHERE id = $1", [batch.id, person]);
    }
    return { batch_cancelled };
  });
}

/** Throws a PayoutError `bad_input` unless it says something. */
export function requireReason(reason: string): string {
  const text = reason.trim();
  if (text === "" || text.length > 500) throw new PayoutError("bad_input", "reason: say why, in 1 to 500 characters.");
  return text;
}
