import { formatSats } from "@otedama/shared/units";
import { type Database, type Transaction, transaction } from "../pool/connect.ts";
import { PayoutError } from "./errors.ts";
import { lockBatch, moveBatch } from "./lock.ts";
import { approvalsRequired } from "./plan.ts";
import { readPayoutPolicy } from "./policy.ts";

/**
 * One person's approval. With enough distinct ones the batch goes on. How many are enough is what the batch was planned with or what
 * today's policy asks for its sum, whichever is more.
 *
 * Throws a PayoutError: `not_found`, `wrong_state`, `changed` (the sum is another one than was looked at), `not_allowed` (the same person
 * twice), `bad_input`.
 */
export async function approveBatch(
  database: Database | Transaction,
  options: { batch_id: number; person: string; expected_amount_sats?: number | bigint },
): Promise<{ approved: boolean; approvals: number; approvals_required: number }> {
  const person = options.person.trim().toLowerCase();
  if (person === "") throw new PayoutError("bad_input", "person: say who approves.");
  return transaction(database, async (client) => {
    const batch = await lockBatch(client, options.batch_id);
    if (batch.state !== "planned") {
      throw new PayoutError("wrong_state", `Batch ${batch.id} is ${batch.state}: only a planned batch is approved.`);
    }
    const expected = options.expected_amount_sats;
    if (expected !== undefined && BigInt(expected) !== batch.amount_sats) {
      throw new PayoutError(
        "changed",
        `Batch ${batch.id} is of ${formatSats(batch.amount_sats)} BTC now and was of ${formatSats(expected)} BTC. Look at it again.`,
      );
    }
    const { policy } = await readPayoutPolicy(client);
    const required = Math.max(batch.approvals_required, approvalsRequired(batch.amount_sats, policy.payouts));
    const added = await client.query(
      "INSERT INTO payout_approval (batch_id, person) VALUES ($1, $2) ON CONFLICT (batch_id, person) DO NOTHING",
      [batch.id, person],
    );
    if (added.rowCount === 0) {
      throw new PayoutError(
        "not_allowed",
        `${person} has approved batch ${batch.id} already: it needs ${required} different people.`,
      );
    }
    const { rows } = await client.query<{ n: number }>(
      "SELECT count(DISTINCT lower(person))::int AS n FROM payout_approval WHERE batch_id = $1",
      [batch.id],
    );
    const approvals = rows[0]?.n ?? 0;
    const approved = approvals >= required;
    await client.query("UPDATE payout_batch SET approvals_required = $2, updated_at = now() WHERE id = $1", [batch.id, required]);
    if (approved) await moveBatch(client, batch.id, "approved");
    return { approved, approvals, approvals_required: required };
  });
}
