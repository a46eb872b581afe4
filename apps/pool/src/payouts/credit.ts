/**
 * A block's three bookings, each written in the transaction that moves the block's state, once for its cause:
 *
 * - credit: coinbase −reward; miners', the fee's or the reserve's pending +;
 * - mature: from pending to available;
 * - orphan: the opposite of whatever the block has moved so far.
 *
 * A block is shared out by the policy of the job it was found on. One that comes back into the chain after it was orphaned is credited
 * anew: its entries are numbered from the second time on.
 */
import {
  countReversals,
  ensureAccount,
  findAccounts,
  keepWindowEnds,
  type LedgerKind,
  measureRound,
  type Posting,
  type Queryable,
  readBlockPostings,
  readPolicy,
  readPolicyVersion,
  readRoundBegin,
  readRoundWork,
  readWorkWindow,
  type TrackedBlock,
  writeEntry,
} from "@otedama/db/pool";
import { type PoolPolicy, workHashes } from "@otedama/shared";
import { type Credits, checkCredits, pplns, prop, type Reward, solo, toReserve } from "@otedama/shared/payouts";

/** Needs one picture of the database: a repeatable-read transaction. */
export async function creditBlock(db: Queryable, block: TrackedBlock): Promise<void> {
  await measureRound(db, block.hash, workHashes(block.network_difficulty));
  if (block.reward_sats === 0n) return;
  const version = block.policy_version === null ? await readPolicy(db) : await readPolicyVersion(db, block.policy_version);
  if (!version) throw new Error(`the policy that block ${block.hash} is shared out by is not there`);
  const credits = await shareOut(db, block, version.policy);
  checkCredits(block.reward_sats, credits);
  const cause_key = await write(db, "block_credit", block.hash, [
    { kind: "coinbase", account_id: null, amount_sats: -block.reward_sats },
    { kind: "fee_pending", account_id: null, amount_sats: credits.fee_sats },
    { kind: "reserve_pending", account_id: null, amount_sats: credits.reserve_sats },
    ...credits.accounts.map((credit): Posting => ({ kind: "miner_pending", ...credit })),
  ]);
  await keepWindowEnds(db, cause_key, block.hash);
}

async function shareOut(db: Queryable, block: TrackedBlock, policy: PoolPolicy): Promise<Credits> {
  const scheme = block.solo ? "solo" : policy.scheme;
  if (scheme === "pps" || scheme === "fpps") return toReserve(block.reward_sats);
  const { donation } = policy;
  const reward: Reward = {
    reward_sats: block.reward_sats,
    fee_percent: policy.fee_percent[scheme],
    donation: donation && { account_id: await ensureAccount(db, donation.address), percent: donation.percent },
    finder_bonus_percent: policy.finder_bonus_percent,
    finder_account_id: block.account_id,
    exempt: await findAccounts(db, policy.fee_exempt_addresses),
  };
  if (scheme === "solo") return solo(reward);
  if (scheme === "prop") {
    return prop(reward, await readRoundWork(db, block, await readRoundBegin(db, block.height), "window"));
  }
  const window_hashes = workHashes(policy.pplns_window * block.network_difficulty);
  return pplns(reward, await readWorkWindow(db, block, window_hashes > 0n ? window_hashes : 1n));
}

const MATURE: Partial<Record<LedgerKind, LedgerKind>> = {
  miner_pending: "miner_available",
  fee_pending: "fee_available",
  reserve_pending: "reserve_available",
};

export async function matureBlock(db: Queryable, block: TrackedBlock): Promise<void> {
  const postings: Posting[] = [];
  for (const { kind, account_id, amount_sats } of await readBlockPostings(db, block.hash)) {
    const to = MATURE[kind];
    if (to) postings.push({ kind, account_id, amount_sats: -amount_sats }, { kind: to, account_id, amount_sats });
  }
  if (postings.length > 0) await write(db, "block_mature", block.hash, postings);
}

export async function reverseBlock(db: Queryable, block: TrackedBlock): Promise<void> {
  const postings = (await readBlockPostings(db, block.hash)).map((posting) => ({
    ...posting,
    amount_sats: -posting.amount_sats,
  }));
  if (postings.length > 0) await write(db, "block_orphan", block.hash, postings);
}

/** Returns the entry's key. */
async function write(
  db: Queryable,
  cause: "block_credit" | "block_mature" | "block_orphan",
  hash: string,
  postings: Posting[],
): Promise<string> {
  const reversals = await countReversals(db, hash);
  const cause_key = reversals === 0 ? hash : `${hash}#${reversals + 1}`;
  if (!(await writeEntry(db, { cause, cause_key, block_hash: hash, postings }))) {
    throw new Error(`block ${hash} has an entry ${cause} ${cause_key} already`);
  }
  return cause_key;
}
