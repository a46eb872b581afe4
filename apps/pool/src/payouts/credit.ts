/**
 * A block's three bookings, each written in the transaction that moves the block's state, once for its cause:
 *
 * - credit: coinbase −reward, miners' and the fee's pending +;
 * - mature: from pending to available;
 * - orphan: the opposite of whatever the block has moved so far.
 *
 * A block that comes back into the chain after it was orphaned is credited anew: its entries are numbered from the second time on.
 */
import {
  countReversals,
  type Posting,
  type Queryable,
  readBlockPostings,
  readWorkWindow,
  type TrackedBlock,
  writeEntry,
} from "@otedama/db/pool";
import { workHashes } from "@otedama/shared";
import { pplns } from "./pplns.ts";

export interface PayoutPolicy {
  fee_percent: number;
  /** Window in units of network difficulty. */
  pplns_window: number;
}

export async function creditBlock(db: Queryable, block: TrackedBlock, policy: PayoutPolicy): Promise<void> {
  const window_hashes = workHashes(policy.pplns_window * block.network_difficulty);
  const credits = pplns({
    reward_sats: block.reward_sats,
    fee_percent: policy.fee_percent,
    window: await readWorkWindow(db, block.round_id, window_hashes > 0n ? window_hashes : 1n),
    finder_account_id: block.account_id,
  });
  const postings: Posting[] = [
    { kind: "coinbase", account_id: null, amount_sats: -block.reward_sats },
    { kind: "fee_pending", account_id: null, amount_sats: credits.fee_sats },
    ...credits.accounts.map((credit): Posting => ({ kind: "miner_pending", ...credit })),
  ];
  if (block.reward_sats > 0n) await write(db, "block_credit", block.hash, postings);
}

export async function matureBlock(db: Queryable, block: TrackedBlock): Promise<void> {
  const postings: Posting[] = [];
  for (const { kind, account_id, amount_sats } of await readBlockPostings(db, block.hash)) {
    const to = kind === "miner_pending" ? "miner_available" : kind === "fee_pending" ? "fee_available" : null;
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

async function write(
  db: Queryable,
  cause: "block_credit" | "block_mature" | "block_orphan",
  hash: string,
  postings: Posting[],
): Promise<void> {
  const reversals = await countReversals(db, hash);
  await writeEntry(db, { cause, cause_key: reversals === 0 ? hash : `${hash}#${reversals + 1}`, block_hash: hash, postings });
}
