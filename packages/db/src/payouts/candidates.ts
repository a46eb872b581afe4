import { AddressError, type Network, type PayoutPolicy, parseAddress } from "@otedama/shared";
import type { Queryable } from "../pool/connect.ts";
import type { PlanAccount, PlanFees } from "./plan.ts";

interface Row {
  account_id: number;
  address: string;
  available: string;
  threshold: string | null;
  hold_reason: string | null;
  open_batch_id: number | null;
}

/** Every account that something is available to, with what decides whether it is paid. `account_ids` limits it to those. */
export async function readPlanAccounts(
  db: Queryable,
  options: { network: Network; excluded_account_ids?: readonly number[]; account_ids?: readonly number[] },
): Promise<PlanAccount[]> {
  const excluded = new Set(options.excluded_account_ids ?? []);
  const { rows } = await db.query<Row>(
    `SELECT a.id AS account_id, a.address, v.balance_sats::text AS available, s.threshold_sats::text AS threshold,
       (SELECT h.reason FROM payout_hold h WHERE h.account_id = a.id AND h.released_at IS NULL LIMIT 1) AS hold_reason,
       (SELECT b.id FROM payout_item i JOIN payout_batch b ON b.id = i.batch_id
         WHERE i.account_id = a.id AND i.excluded_by IS NULL AND b.pays = 'miners' AND b.state IN ('planned', 'approved', 'unsigned') LIMIT 1) AS open_batch_id
     FROM ledger_account l
       JOIN ledger_balance v ON v.ledger_account_id = l.id
       JOIN account a ON a.id = l.account_id
       LEFT JOIN account_setting s ON s.account_id = a.id
     WHERE l.kind = 'miner_available' AND v.balance_sats > 0 AND ($1::int[] IS NULL OR a.id = ANY($1::int[]))
     ORDER BY a.id`,
    [options.account_ids ?? null],
  );
  return rows.map((row) => ({
    account_id: row.account_id,
    address: row.address,
    available_sats: BigInt(row.available),
    threshold_sats: row.threshold === null ? null : BigInt(row.threshold),
    hold_reason: row.hold_reason,
    excluded: excluded.has(row.account_id),
    open_batch_id: row.open_batch_id,
    address_problem: addressProblem(row.address, options.network),
  }));
}

/** The pool's own fees with what decides whether they are paid out; null where the policy names no address for them. */
export async function readPlanFees(
  db: Queryable,
  options: { network: Network; without_fees?: boolean },
  { fee_payout }: PayoutPolicy,
): Promise<PlanFees | null> {
  if (fee_payout === null) return null;
  const { rows } = await db.query<{ available: string | null; hold_reason: string | null; open_batch_id: number | null }>(
    `SELECT (SELECT v.balance_sats::text FROM ledger_account l JOIN ledger_balance v ON v.ledger_account_id = l.id
              WHERE l.kind = 'fee_available' AND l.account_id IS NULL) AS available,
       (SELECT h.reason FROM payout_hold h JOIN account a ON a.id = h.account_id
         WHERE a.address = $1 AND h.released_at IS NULL LIMIT 1) AS hold_reason,
       (SELECT id FROM payout_batch WHERE pays = 'fees' AND state IN ('planned', 'approved', 'unsigned') ORDER BY id LIMIT 1) AS open_batch_id`,
    [fee_payout.address],
  );
  return {
    address: fee_payout.address,
    available_sats: BigInt(rows[0]?.available ?? 0),
    hold_reason: rows[0]?.hold_reason ?? null,
    excluded: options.without_fees ?? false,
    open_batch_id: rows[0]?.open_batch_id ?? null,
    address_problem: addressProblem(fee_payout.address, options.network),
  };
}

function addressProblem(address: string, network: Network): string | null {
  try {
    parseAddress(address, network);
    return null;
  } catch (error) {
    if (error instanceof AddressError) return error.message;
    throw error;
  }
}
