import { type PayoutBatchDetailDto, type PayoutBatchDto, type PayoutBatchState, PoolPolicy } from "@otedama/shared";
import type { Queryable } from "../pool/connect.ts";
import { cancelRefusal } from "./cancel.ts";
import { ms, satsNumber } from "./columns.ts";
import { PayoutError } from "./errors.ts";

type BatchRow = Omit<PayoutBatchDto, "amount_sats" | "fee_sats" | "confirmations_wanted"> & {
  amount: string;
  fee: string | null;
  policy: unknown;
};

const COLUMNS = `b.id, b.state, b.pays, b.created_by, ${ms("b.created_at")} AS created_at_ms, ${ms("b.updated_at")} AS updated_at_ms,
  b.policy_version, b.fee_payer, b.approvals_required, b.amount_sats::text AS amount, b.note, b.waiting_for, b.stopped_why, b.cancelled_by,
  coalesce((SELECT array_agg(a.person ORDER BY a.at) FROM payout_approval a WHERE a.batch_id = b.id), '{}') AS approved_by,
  (SELECT count(*)::int FROM payout_item i WHERE i.batch_id = b.id AND i.excluded_by IS NULL) AS accounts,
  t.txid, t.fee, coalesce(t.attempts, 0) AS attempts, coalesce(t.confirmations, 0) AS confirmations, p.policy
  FROM payout_batch b LEFT JOIN (SELECT policy FROM pool_policy ORDER BY version DESC LIMIT 1) p ON true
  LEFT JOIN LATERAL (SELECT x.txid, x.fee_sats::text AS fee, x.confirmations, x.attempt,
      (SELECT max(attempt) FROM payout_transaction WHERE batch_id = b.id) AS attempts FROM payout_transaction x WHERE x.batch_id = b.id
    ORDER BY (x.block_hash IS NOT NULL) DESC, (x.state IN ('broadcast', 'confirmed')) DESC, x.attempt DESC LIMIT 1) t ON true`;

function fromRow({ amount, fee, policy, ...row }: BatchRow): PayoutBatchDto {
  const parsed = PoolPolicy.safeParse(policy);
  return {
    ...row,
    amount_sats: satsNumber(amount),
    fee_sats: fee === null ? null : satsNumber(fee),
    confirmations_wanted: parsed.success ? parsed.data.payouts.confirmations : 1,
  };
}

/** Batches, newest first; `open` leaves out those that are settled or cancelled. */
export async function listBatches(
  db: Queryable,
  query: { states?: readonly PayoutBatchState[]; page: number; page_size: number },
): Promise<{ total: number; rows: PayoutBatchDto[] }> {
  const states = query.states?.length ? query.states : null;
  const filter = "WHERE $1::text[] IS NULL OR b.state::text = ANY($1::text[])";
  const [count, page] = await Promise.all([
    db.query<{ n: number }>(`SELECT count(*)::int AS n FROM payout_batch b ${filter}`, [states]),
    db.query<BatchRow>(`SELECT ${COLUMNS} ${filter} ORDER BY b.id DESC LIMIT $2 OFFSET $3`, [
      states,
      query.page_size,
      (query.page - 1) * query.page_size,
    ]),
  ]);
  return { total: count.rows[0]?.n ?? 0, rows: page.rows.map(fromRow) };
}

const ITEMS_MAX = 5_000;

/** One batch with everything in it, and what may be done with it now. Throws a PayoutError `not_found`. */
export async function readBatch(db: Queryable, batch_id: number): Promise<PayoutBatchDetailDto> {
  const [batches, approvals, items, transactions] = await Promise.all([
    db.query<BatchRow>(`SELECT ${COLUMNS} WHERE b.id = $1`, [batch_id]),
    db.query<{ person: string; at_ms: number }>(
      `SELECT person, ${ms("at")} AS at_ms FROM payout_approval WHERE batch_id = $1 ORDER BY at, person`,
      [batch_id],
    ),
    db.query<{
      account_id: number;
      address: string;
      amount: string;
      part: string;
      excluded_by: string | null;
      excluded_why: string | null;
    }>(
      `SELECT account_id, address, amount_sats::text AS amount, fee_part_sats::text AS part, excluded_by, excluded_why
       FROM payout_item WHERE batch_id = $1 ORDER BY payout_item.amount_sats DESC, account_id LIMIT ${ITEMS_MAX}`,
      [batch_id],
    ),
    db.query<Omit<PayoutBatchDetailDto["transactions"][number], "fee_sats" | "change_sats"> & { fee: string; change: string }>(
      `SELECT id, attempt, state, unsigned_txid, txid, fee_sats::text AS fee, fee_rate, vsize, change_sats::text AS change, signer,
         ${ms("created_at")} AS created_at_ms, ${ms("handed_out_at")} AS handed_out_at_ms, ${ms("signed_at")} AS signed_at_ms,
         ${ms("broadcast_at")} AS broadcast_at_ms, ${ms("confirmed_at")} AS confirmed_at_ms, confirmations, block_hash, block_height, trouble
       FROM payout_transaction WHERE batch_id = $1 ORDER BY attempt DESC LIMIT 100`,
      [batch_id],
    ),
  ]);
  const row = batches.rows[0];
  if (!row) throw new PayoutError("not_found", `There is no payout batch ${batch_id}.`);
  const batch = fromRow(row);
  return {
    batch,
    approvals: approvals.rows,
    items: items.rows.map(({ amount, part, ...item }) => ({
      ...item,
      amount_sats: satsNumber(amount),
      fee_part_sats: satsNumber(part),
      paid_sats: item.excluded_by === null ? satsNumber(amount) - satsNumber(part) : 0,
    })),
    transactions: transactions.rows.map(({ fee, change, ...transaction }) => ({
      ...transaction,
      fee_sats: satsNumber(fee),
      change_sats: satsNumber(change),
    })),
    can: {
      approve: batch.state === "planned" ? null : `The batch is ${batch.state}: only a planned one is approved.`,
      exclude:
        batch.state === "planned" || batch.state === "approved"
          ? null
          : `The batch is ${batch.state}: its transaction is made, and nobody can be taken out of it.`,
      cancel: await cancelRefusal(db, batch),
      download: batch.state === "unsigned" ? null : `The batch is ${batch.state}: there is nothing to sign.`,
      upload: batch.state === "unsigned" ? null : `The batch is ${batch.state}: no signature is waited for.`,
      bump: bumpRefusal(batch.state, transactions.rows),
    },
  };
}

/** Why the fee cannot be raised now, as a sentence; null when it can. */
export function bumpRefusal(
  state: PayoutBatchState,
  transactions: readonly { state: string; block_hash: string | null }[],
): string | null {
  if (state !== "broadcast" && state !== "signed")
    return `The batch is ${state}: only one that was sent can be given a higher fee.`;
  if (transactions.some((transaction) => transaction.block_hash !== null)) return "Its transaction is in a block already.";
  return null;
}
