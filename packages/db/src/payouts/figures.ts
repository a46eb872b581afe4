import type { Network, PayoutBatchState } from "@otedama/shared";
import type { Queryable } from "../pool/connect.ts";
import { readPayoutSummary } from "./summary.ts";

/** What is watched of payouts from outside. */
export interface PayoutFigures {
  batches: { state: PayoutBatchState; batches: number; amount_sats: number }[];
  /** Seconds since the oldest batch was planned that is neither settled nor cancelled; 0 without one. */
  oldest_open_s: number;
  stopped: number;
  due: { accounts: number; amount_sats: number };
  spendable_sats: number;
  fees_available_sats: number;
}

/** Throws a PayoutError `no_policy`. */
export async function readPayoutFigures(db: Queryable, options: { network: Network }): Promise<PayoutFigures> {
  const summary = await readPayoutSummary(db, options);
  const open = await db.query<{ oldest_s: number | null; stopped: number }>(
    `SELECT extract(epoch FROM now() - min(created_at))::float8 AS oldest_s, (count(*) FILTER (WHERE stopped_why IS NOT NULL))::int AS stopped
     FROM payout_batch WHERE state IN ('planned', 'approved', 'unsigned', 'signed', 'broadcast')`,
  );
  return {
    batches: summary.pipeline.map(({ state, batches, amount_sats }) => ({ state, batches, amount_sats })),
    oldest_open_s: Math.max(0, open.rows[0]?.oldest_s ?? 0),
    stopped: open.rows[0]?.stopped ?? 0,
    due: { accounts: summary.due.accounts, amount_sats: summary.due.amount_sats + summary.fees.due_sats },
    spendable_sats: summary.wallet.spendable_sats,
    fees_available_sats: summary.fees.available_sats,
  };
}
