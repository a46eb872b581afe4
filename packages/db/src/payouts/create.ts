import type { Network, PayoutBatchPays } from "@otedama/shared";
import { formatSats } from "@otedama/shared/units";
import { type Database, type Queryable, type Transaction, transaction } from "../pool/connect.ts";
import { writeEntry } from "../pool/ledger.ts";
import { ensureAccount } from "../pool/workers.ts";
import { readPlanAccounts, readPlanFees } from "./candidates.ts";
import { readDue } from "./due.ts";
import { PayoutError } from "./errors.ts";
import { moveMoney } from "./money.ts";
import { type PayoutPlan, planFees, planPayouts } from "./plan.ts";
import { readPayoutPolicy } from "./policy.ts";

/** Held to the end of a transaction that plans, so that two planners cannot see the same balance. */
const PLANNING_LOCK = 0x6f74_7001;

export interface CreateBatchesOptions {
  network: Network;
  /** Names this plan: asking again with the same key makes nothing and answers with what was made. At most 100 characters. */
  plan_key: string;
  /** "schedule", or the e-mail address of a person. */
  created_by: string;
  note?: string | null;
  excluded_account_ids?: readonly number[];
  /** Leaves the pool's own fees where they are. */
  without_fees?: boolean;
  /** People who have to approve it, where the policy asks for fewer. */
  approvals_min?: number;
  /** The dry run's sum: refused with `changed` when the balances have moved since. */
  expected_total_sats?: number | bigint;
}

export interface CreatedBatches {
  /** False when the plan key was used before, or nobody is to be paid. */
  made: boolean;
  batch_ids: number[];
  total_sats: bigint;
  approvals_required: number;
}

/**
 * Plans now and reserves what the plan pays: for each batch its row, its items and one ledger entry available → paying, all in one
 * transaction. A plan that needs nobody's approval is approved at once.
 *
 * Throws a PayoutError: `no_policy`, `bad_input`, `changed`.
 */
export async function createBatches(database: Database | Transaction, options: CreateBatchesOptions): Promise<CreatedBatches> {
  const key = options.plan_key.trim();
  if (key === "" || key.length > 100 || key.includes("/")) {
    throw new PayoutError("bad_input", "plan_key: give the plan a name of 1 to 100 characters without a slash.");
  }
  if (options.created_by.trim() === "") throw new PayoutError("bad_input", "created_by: say who makes the plan.");
  return transaction(database, async (client) => {
    await client.query("SELECT pg_advisory_xact_lock($1)", [PLANNING_LOCK]);
    const before = await client.query<{ id: number; amount: string; approvals_required: number }>(
      "SELECT id, amount_sats::text AS amount, approvals_required FROM payout_batch WHERE plan_key = $1 OR plan_key LIKE $2 ORDER BY id",
      [key, `${key.replaceAll(/[\\%_]/g, "\\$&")}/%`],
    );
    if (before.rows.length > 0) {
      return {
        made: false,
        batch_ids: before.rows.map((row) => row.id),
        total_sats: before.rows.reduce((sum, row) => sum + BigInt(row.amount), 0n),
        approvals_required: before.rows[0]?.approvals_required ?? 0,
      };
    }
    const { version, policy } = await readPayoutPolicy(client);
    // Most of the time nobody is due, and then nobody's balance is held up.
    if (options.expected_total_sats === undefined) {
      const due = await readDue(client, options, policy.payouts, 0);
      const fees = planFees(await readPlanFees(client, options, policy.payouts), policy.payouts);
      if (due.paid.accounts === 0 && fees?.skipped !== null) {
        return { made: false, batch_ids: [], total_sats: 0n, approvals_required: 0 };
      }
    }
    await lockBalances(client);
    const accounts = await readPlanAccounts(client, options);
    const plan = planPayouts(accounts, policy.payouts, await readPlanFees(client, options, policy.payouts));
    const expected = options.expected_total_sats;
    if (expected !== undefined && BigInt(expected) !== plan.total_sats) {
      throw new PayoutError(
        "changed",
        `The balances changed since the dry run: it would be ${formatSats(plan.total_sats)} BTC now and was ${formatSats(expected)} BTC. ${unpayable(plan)}Look at the plan again.`,
      );
    }
    const approvals_required = Math.max(plan.approvals_required, options.approvals_min ?? 0);
    const batch_ids: number[] = [];
    for (const { pays, items } of await batchesOf(client, plan)) {
      const { rows } = await client.query<{ id: number }>(
        `INSERT INTO payout_batch (state, pays, plan_key, created_by, policy_version, fee_payer, approvals_required, amount_sats, note)
         VALUES ($1::payout_batch_state, $2::payout_batch_pays, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
        [
          approvals_required === 0 ? "approved" : "planned",
          pays,
          batch_ids.length === 0 ? key : `${key}/${batch_ids.length + 1}`,
          options.created_by,
          version,
          // What the pool keeps of its fees is for the miners' batches: its own payment bears its own cost.
          pays === "fees" ? "miners" : policy.payouts.fee_payer,
          approvals_required,
          items.reduce((sum, item) => sum + item.amount_sats, 0n).toString(),
          options.note ?? null,
        ],
      );
      const batch_id = rows[0]?.id as number;
      await writeItems(client, { batch_id, pays, items, person: options.created_by });
      batch_ids.push(batch_id);
    }
    return {
      made: batch_ids.length > 0,
      batch_ids,
      total_sats: plan.total_sats,
      approvals_required,
    };
  });
}

/** The dry run's sums take an address of the right network for a good one; whoever cannot be paid after all is named with the way out. */
function unpayable({ skipped }: PayoutPlan): string {
  const found = skipped.find((account) => account.skipped === "bad_address");
  return found === undefined ? "" : `Account ${found.account_id} cannot be paid: ${found.why} Hold it or leave it out. `;
}

interface NewItem {
  account_id: number;
  address: string;
  amount_sats: bigint;
}

async function batchesOf(db: Queryable, plan: PayoutPlan): Promise<{ pays: PayoutBatchPays; items: NewItem[] }[]> {
  const batches: { pays: PayoutBatchPays; items: NewItem[] }[] = plan.batches.map((accounts) => ({
    pays: "miners",
    items: accounts.map(({ account_id, address, available_sats }) => ({ account_id, address, amount_sats: available_sats })),
  }));
  if (plan.fees?.skipped === null) {
    const { address, amount_sats } = plan.fees;
    batches.push({ pays: "fees", items: [{ account_id: await ensureAccount(db, address), address, amount_sats }] });
  }
  return batches;
}

/** A balance that somebody else is about to change is waited for, so that what is reserved is there. */
async function lockBalances(db: Queryable): Promise<void> {
  await db.query(
    `SELECT 1 FROM ledger_balance v JOIN ledger_account l ON l.id = v.ledger_account_id
     WHERE l.kind IN ('miner_available', 'fee_available') AND v.balance_sats > 0 ORDER BY v.ledger_account_id FOR UPDATE OF v`,
  );
}

async function writeItems(
  db: Queryable,
  { batch_id, pays, items, person }: { batch_id: number; pays: PayoutBatchPays; items: readonly NewItem[]; person: string },
): Promise<void> {
  await db.query(
    `INSERT INTO payout_item (batch_id, account_id, address, amount_sats)
     SELECT $1, v.account_id, v.address, v.amount FROM unnest($2::int[], $3::text[], $4::bigint[]) AS v (account_id, address, amount)`,
    [
      batch_id,
      items.map((item) => item.account_id),
      items.map((item) => item.address),
      items.map((item) => item.amount_sats.toString()),
    ],
  );
  const postings = items.flatMap((item) => moveMoney(pays, "available", "paying", item));
  const written = await writeEntry(db, { cause: "payout", cause_key: String(batch_id), block_hash: null, postings, person });
  if (!written) throw new Error(`the ledger has a payout of batch ${batch_id} already`);
}
