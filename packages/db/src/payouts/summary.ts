import { type Network, PAYOUT_BATCH_STATES, type PayoutBatchState, type PayoutSummaryDto } from "@otedama/shared";
import type { Queryable } from "../pool/connect.ts";
import { readPlanFees } from "./candidates.ts";
import { satsNumber } from "./columns.ts";
import { readDue } from "./due.ts";
import { planFees } from "./plan.ts";
import { readPayoutPolicy } from "./policy.ts";

/** Confirmations that Bitcoin's consensus asks of a coinbase before it is spent. */
const COINBASE_MATURITY = 100;

/** The payouts screen's head: the pipeline, what is due, what the wallet holds, what is in the way. Throws `no_policy`. */
export async function readPayoutSummary(db: Queryable, options: { network: Network }): Promise<PayoutSummaryDto> {
  const { policy } = await readPayoutPolicy(db);
  const [due, own_fees, pipeline, wallet, holds, troubles, fees] = await Promise.all([
    readDue(db, options, policy.payouts, 0),
    readPlanFees(db, options, policy.payouts),
    db.query<{ state: PayoutBatchState; batches: number; accounts: number; amount: string }>(
      `SELECT b.state, count(*)::int AS batches, coalesce(sum(i.n), 0)::int AS accounts, coalesce(sum(b.amount_sats), 0)::text AS amount
       FROM payout_batch b LEFT JOIN LATERAL
         (SELECT count(*) AS n FROM payout_item WHERE batch_id = b.id AND excluded_by IS NULL) i ON true GROUP BY b.state`,
    ),
    db.query<{ spendable: string; outputs: number; coming: string; reserved: string }>(
      `WITH tip AS (SELECT coalesce(max(height), 0) AS height FROM wallet_block), o AS (
         SELECT w.value_sats, w.transaction_id IS NOT NULL AND t.state <> 'abandoned' AS reserved,
           w.height IS NOT NULL AND (NOT w.coinbase OR w.height + ${COINBASE_MATURITY} - 1 <= tip.height) AS ripe
         FROM tip, wallet_output w LEFT JOIN payout_transaction t ON t.id = w.transaction_id WHERE w.spent_txid IS NULL)
       SELECT coalesce(sum(value_sats) FILTER (WHERE ripe AND NOT reserved), 0)::text AS spendable,
         (count(*) FILTER (WHERE ripe AND NOT reserved))::int AS outputs,
         coalesce(sum(value_sats) FILTER (WHERE NOT ripe AND NOT reserved), 0)::text AS coming,
         coalesce(sum(value_sats) FILTER (WHERE reserved), 0)::text AS reserved FROM o`,
    ),
    db.query<{ n: number }>("SELECT count(*)::int AS n FROM payout_hold WHERE released_at IS NULL"),
    db.query<{ batch_id: number; stopped: boolean; sentence: string }>(
      `SELECT b.id AS batch_id, b.stopped_why IS NOT NULL AS stopped,
         coalesce(b.stopped_why, b.waiting_for, (SELECT t.trouble FROM payout_transaction t WHERE t.batch_id = b.id ORDER BY t.attempt DESC LIMIT 1))
           AS sentence
       FROM payout_batch b WHERE b.state NOT IN ('settled', 'cancelled')
         AND coalesce(b.stopped_why, b.waiting_for, (SELECT t.trouble FROM payout_transaction t WHERE t.batch_id = b.id ORDER BY t.attempt DESC LIMIT 1))
           IS NOT NULL
       ORDER BY 2 DESC, 1 LIMIT 100`,
    ),
    db.query<{ balance: string }>(
      "SELECT coalesce(sum(balance_sats), 0)::text AS balance FROM ledger_kind_balance WHERE kind = 'fee_available'",
    ),
  ]);
  const planned_fees = planFees(own_fees, policy.payouts);
  const fees_due = planned_fees?.skipped === null ? planned_fees.amount_sats : 0n;
  const states = new Map(pipeline.rows.map((row) => [row.state, row]));
  const [purse] = wallet.rows;
  return {
    pipeline: PAYOUT_BATCH_STATES.map((state) => {
      const row = states.get(state);
      return { state, batches: row?.batches ?? 0, accounts: row?.accounts ?? 0, amount_sats: satsNumber(row?.amount ?? "0") };
    }),
    due: { accounts: due.paid.accounts, amount_sats: Number(due.paid.sats) },
    waiting: { accounts: due.skipped.accounts, amount_sats: Number(due.skipped.sats) },
    fees: { available_sats: satsNumber(fees.rows[0]?.balance ?? "0"), due_sats: Number(fees_due) },
    held_accounts: holds.rows[0]?.n ?? 0,
    wallet: {
      spendable_sats: satsNumber(purse?.spendable ?? "0"),
      outputs: purse?.outputs ?? 0,
      coming_sats: satsNumber(purse?.coming ?? "0"),
      reserved_sats: satsNumber(purse?.reserved ?? "0"),
    },
    troubles: troubles.rows,
  };
}
