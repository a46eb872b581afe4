import type { PayoutHistoryDto, PayoutPaymentsPage, PayoutPaymentsQuery } from "@otedama/shared";
import type { Queryable } from "../pool/connect.ts";
import { ms, satsNumber } from "./columns.ts";

type Row = Omit<PayoutHistoryDto, "amount_sats" | "fee_part_sats" | "paid_sats"> & { amount: string; part: string };

/** $1 a part of an address or the beginning of a txid; letters and digits only. */
const FILTER = `b.state <> 'cancelled' AND i.excluded_by IS NULL AND ($1 = '' OR strpos(i.address, $1) > 0
  OR EXISTS (SELECT 1 FROM payout_transaction x WHERE x.batch_id = b.id AND starts_with(x.txid, lower($1))))`;

/** Payments by pages, newest first, for a list that shows how many there are. */
export async function listPayments(db: Queryable, query: PayoutPaymentsQuery): Promise<PayoutPaymentsPage> {
  const [count, page] = await Promise.all([
    db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM payout_item i JOIN payout_batch b ON b.id = i.batch_id WHERE ${FILTER}`,
      [query.q],
    ),
    db.query<Row>(
      `SELECT b.id AS batch_id, b.state, b.pays, i.account_id, i.address, i.amount_sats::text AS amount, i.fee_part_sats::text AS part,
         ${ms("b.created_at")} AS planned_at_ms, t.broadcast_at_ms, t.confirmed_at_ms, t.txid, coalesce(t.confirmations, 0) AS confirmations
       FROM payout_item i JOIN payout_batch b ON b.id = i.batch_id
       LEFT JOIN LATERAL (SELECT x.txid, x.confirmations, ${ms("x.broadcast_at")} AS broadcast_at_ms, ${ms("x.confirmed_at")} AS confirmed_at_ms
         FROM payout_transaction x WHERE x.batch_id = b.id AND x.state IN ('broadcast', 'confirmed')
         ORDER BY (x.block_hash IS NOT NULL) DESC, x.attempt DESC LIMIT 1) t ON true
       WHERE ${FILTER} ORDER BY i.batch_id DESC, i.amount_sats DESC, i.account_id LIMIT $2 OFFSET $3`,
      [query.q, query.page_size, (query.page - 1) * query.page_size],
    ),
  ]);
  return {
    total: count.rows[0]?.n ?? 0,
    rows: page.rows.map(({ amount, part, ...row }) => ({
      ...row,
      amount_sats: satsNumber(amount),
      fee_part_sats: satsNumber(part),
      paid_sats: satsNumber(amount) - satsNumber(part),
    })),
  };
}
