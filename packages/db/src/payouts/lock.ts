import type { PayoutBatchPays, PayoutBatchState } from "@otedama/shared";
import type { Queryable } from "../pool/connect.ts";
import { PayoutError } from "./errors.ts";

export interface LockedBatch {
  id: number;
  state: PayoutBatchState;
  pays: PayoutBatchPays;
  created_by: string;
  policy_version: number;
  fee_payer: "pool" | "miners";
  approvals_required: number;
  amount_sats: bigint;
  stopped_why: string | null;
}

/** Locks the batch's row to the end of the transaction. Throws a PayoutError `not_found`. */
export async function lockBatch(db: Queryable, batch_id: number): Promise<LockedBatch> {
  const { rows } = await db.query<Omit<LockedBatch, "amount_sats"> & { amount: string }>(
    `SELECT id, state, pays, created_by, policy_version, fee_payer, approvals_required, amount_sats::text AS amount, stopped_why
     FROM payout_batch WHERE id = $1 FOR UPDATE`,
    [batch_id],
  );
  const row = rows[0];
  if (!row) throw new PayoutError("not_found", `There is no payout batch ${batch_id}.`);
  const { amount, ...rest } = row;
  return { ...rest, amount_sats: BigInt(amount) };
}

/** Moves a locked batch on; what it waited for is over. */
export async function moveBatch(db: Queryable, batch_id: number, state: PayoutBatchState): Promise<void> {
  await db.query("UPDATE payout_batch SET state = $2::payout_batch_state, waiting_for = NULL, updated_at = now() WHERE id = $1", [
    batch_id,
    state,
  ]);
}
