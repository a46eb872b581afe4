import type { PayoutHistoryDto } from "@otedama/shared";
import type { Queryable } from "../pool/connect.ts";
import { ms, satsNumber } from "./columns.ts";

type Row = Omit<PayoutHistoryDto, "amount_sats" | "fee_part_sats" | "paid_sats"> & { amount: string; part: string };

export interface HistoryQuery {
  account_id?: number;
  batch_id?: number;
  /** Payments planned at or after, and before. */
  from_ms?: number;
  to_ms?: number;
  /** Payments older than this one, as `batch_id` and `account_id` of the last row seen. */
  before?: { batch_id: number; account_id: number };
  limit: number;
}

/**
 * Payments to accounts, newest first, with their transaction; cancelled batches and accounts that were taken out are left out. Pages go on
 * from the last row seen, so that an export of any length reads each row once.
 */
export async function listPayoutHistory(db: Queryable, query: HistoryQuery): Promise<PayoutHistoryDto[]> {
  const { rows } = await db.query<Row>(
    `SELECT b.id AS batch_id, b.state, b.pays, i.account_id, i.address, i.amount_sats::text AS amount, i.fee_part_sats::text AS part,
       ${ms("b.created_at")} AS planned_at_ms, t.broadcast_at_ms, t.confirmed_at_ms, t.txid, coalesce(t.confirmations, 0) AS confirmations
     FROM payout_item i JOIN payout_batch b ON b.id = i.batch_id
     LEFT JOIN LATERAL (SELECT x.txid, x.confirmations, ${ms("x.broadcast_at")} AS broadcast_at_ms, ${ms("x.confirmed_at")} AS confirmed_at_ms
       FROM payout_transaction x WHERE x.batch_id = b.id AND x.state IN ('broadcast', 'confirmed')
       ORDER BY (x.block_hash IS NOT NULL) DESC, x.attempt DESC LIMIT 1) t ON true
     WHERE b.state <> 'cancelled' AND i.excluded_by IS NULL
       AND ($1::int IS NULL OR (i.account_id = $1 AND b.pays = 'miners')) AND ($2::int IS NULL OR b.id = $2)
       AND ($3::float8 IS NULL OR b.created_at >= to_timestamp($3::float8 / 1000))
       AND ($4::float8 IS NULL OR b.created_at < to_timestamp($4::float8 / 1000))
       AND ($5::int IS NULL OR (i.batch_id, -i.account_id) < ($5::int, -($6::int)))
     ORDER BY i.batch_id DESC, i.account_id LIMIT $7`,
    [
      query.account_id ?? null,
      query.batch_id ?? null,
      query.from_ms ?? null,
      query.to_ms ?? null,
      query.before?.batch_id ?? null,
      query.before?.account_id ?? null,
      query.limit,
    ],
  );
  return rows.map(({ amount, part, ...row }) => ({
    ...row,
    amount_sats: satsNumber(amount),
    fee_part_sats: satsNumber(part),
    paid_sats: satsNumber(amount) - satsNumber(part),
  }));
}

const CSV_COLUMNS = [
  "batch_id",
  "state",
  "account_id",
  "address",
  "amount_sats",
  "fee_part_sats",
  "paid_sats",
  "planned_at",
  "broadcast_at",
  "confirmed_at",
  "txid",
  "confirmations",
  "pays",
] as const;

/** The history's first line in CSV. */
export function historyCsvHeader(): string {
  return `${CSV_COLUMNS.join(",")}\n`;
}

/** One payment as a line of CSV (RFC 4180); times in ISO 8601, amounts in satoshis. */
export function historyCsvLine(row: PayoutHistoryDto): string {
  const time = (at_ms: number | null) => (at_ms === null ? "" : new Date(at_ms).toISOString());
  const cells = [
    row.batch_id,
    row.state,
    row.account_id,
    row.address,
    row.amount_sats,
    row.fee_part_sats,
    row.paid_sats,
    time(row.planned_at_ms),
    time(row.broadcast_at_ms),
    time(row.confirmed_at_ms),
    row.txid ?? "",
    row.confirmations,
    row.pays,
  ];
  return `${cells.map((cell) => quote(String(cell))).join(",")}\n`;
}

function quote(cell: string): string {
  return /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
