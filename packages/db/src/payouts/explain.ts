import type { AccountPayoutDto, BalanceSourceDto, Network } from "@otedama/shared";
import { formatSats } from "@otedama/shared/units";
import type { Queryable } from "../pool/connect.ts";
import { readPlanAccounts } from "./candidates.ts";
import { ms, satsNumber } from "./columns.ts";
import { PayoutError } from "./errors.ts";
import { listPayoutHistory } from "./history.ts";
import { readHold } from "./holds.ts";
import { effectiveThreshold, planPayouts } from "./plan.ts";
import { readPayoutPolicy } from "./policy.ts";

const SOURCES_MAX = 200;
const PAYOUTS_MAX = 50;

type SourceRow = Omit<BalanceSourceDto, "amount_sats" | "block_reward_sats" | "block_part"> & {
  amount: string;
  reward: string | null;
};

/**
 * Why an account is owed what it is owed: each block, share window and correction that its balances are made of, what the next plan does
 * with it, and what it was paid. Payouts take the oldest money first, so the newest credits are what is left.
 *
 * Throws a PayoutError: `not_found`, `no_policy`.
 */
export async function explainAccount(
  db: Queryable,
  options: { account_id: number; network: Network },
): Promise<AccountPayoutDto> {
  const { account_id } = options;
  const accounts = await db.query<{ address: string; threshold: string | null }>(
    `SELECT a.address, s.threshold_sats::text AS threshold FROM account a LEFT JOIN account_setting s ON s.account_id = a.id WHERE a.id = $1`,
    [account_id],
  );
  const account = accounts.rows[0];
  if (!account) throw new PayoutError("not_found", `There is no account ${account_id}.`);
  const [{ policy }, balances, hold, candidates, payouts] = await Promise.all([
    readPayoutPolicy(db),
    readBalances(db, account_id),
    readHold(db, account_id),
    readPlanAccounts(db, { network: options.network, account_ids: [account_id] }),
    listPayoutHistory(db, { account_id, limit: PAYOUTS_MAX }),
  ]);
  const [pending, available] = await Promise.all([
    readSources(db, account_id, "miner_pending", balances.miner_pending),
    readSources(db, account_id, "miner_available", balances.miner_available),
  ]);
  const plan = planPayouts(candidates, policy.payouts);
  const own = account.threshold === null ? null : BigInt(account.threshold);
  const threshold = effectiveThreshold(own, policy.payouts);
  const next = [...plan.paid, ...plan.skipped][0];
  return {
    account_id,
    address: account.address,
    pending_sats: Number(balances.miner_pending),
    available_sats: Number(balances.miner_available),
    paying_sats: Number(balances.miner_paying),
    paid_sats: Number(balances.miner_paid),
    threshold_sats: Number(threshold),
    threshold_is_own: own !== null,
    hold,
    next: next
      ? `${next.skipped === null ? "The next plan pays it" : "The next plan leaves it out"}: ${next.why}`
      : `Nothing is available yet; it is paid from ${formatSats(threshold)} BTC on.`,
    pending: pending.sources,
    available: available.sources,
    more: pending.more || available.more,
    payouts,
  };
}

type Balances = Record<"miner_pending" | "miner_available" | "miner_paying" | "miner_paid", bigint>;

async function readBalances(db: Queryable, account_id: number): Promise<Balances> {
  const { rows } = await db.query<{ kind: keyof Balances; balance: string }>(
    `SELECT l.kind, v.balance_sats::text AS balance FROM ledger_account l JOIN ledger_balance v ON v.ledger_account_id = l.id
     WHERE l.account_id = $1`,
    [account_id],
  );
  const balances: Balances = { miner_pending: 0n, miner_available: 0n, miner_paying: 0n, miner_paid: 0n };
  for (const row of rows) if (row.kind in balances) balances[row.kind] = BigInt(row.balance);
  return balances;
}

/** Sums by block (what a block moved in and out again is nothing), other entries one by one; newest first, until they make the balance. */
async function readSources(
  db: Queryable,
  account_id: number,
  kind: "miner_pending" | "miner_available",
  balance_sats: bigint,
): Promise<{ sources: BalanceSourceDto[]; more: boolean }> {
  if (balance_sats <= 0n) return { sources: [], more: false };
  const { rows } = await db.query<SourceRow>(
    `SELECT max(e.id)::text AS entry_id, ${ms("max(e.created_at)")} AS at_ms,
       CASE WHEN e.block_hash IS NULL THEN min(e.cause::text) ELSE 'block' END AS cause,
       sum(p.amount_sats)::text AS amount, e.block_hash, k.height AS block_height, k.state::text AS block_state, k.reward_sats::text AS reward,
       k.confirmations AS block_confirmations, k.maturity_confirmations AS block_maturity_confirmations,
       CASE WHEN e.block_hash IS NULL THEN min(e.cause_key) END AS cause_key, min(e.reason) AS reason
     FROM ledger_account l JOIN ledger_posting p ON p.ledger_account_id = l.id JOIN ledger_entry e ON e.id = p.entry_id
       LEFT JOIN block k ON k.hash = e.block_hash
     WHERE l.account_id = $1 AND l.kind = $2::ledger_account_kind AND e.cause NOT IN ('payout', 'payout_cancel', 'payout_settle')
     GROUP BY coalesce(e.block_hash, e.id::text), e.block_hash, k.height, k.state, k.reward_sats, k.confirmations, k.maturity_confirmations
     HAVING sum(p.amount_sats) <> 0 ORDER BY max(p.id) DESC LIMIT ${SOURCES_MAX}`,
    [account_id, kind],
  );
  const sources: BalanceSourceDto[] = [];
  let left = balance_sats;
  for (const { amount, reward, ...row } of rows) {
    if (left <= 0n) break;
    const whole = BigInt(amount);
    const counted = whole > left ? left : whole;
    left -= counted;
    sources.push({
      ...row,
      amount_sats: Number(counted),
      block_reward_sats: reward === null ? null : satsNumber(reward),
      block_part: reward === null || reward === "0" ? null : Number(whole) / Number(reward),
    });
  }
  return { sources, more: left > 0n };
}
