/** What blocks pay when several instances share a database, against a plain reading of the share logs. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { workHashes } from "@otedama/shared";
import { type AccountWork, type Credits, pplns, prop, type Reward } from "@otedama/shared/payouts";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { LoggedShare } from "./support/share_log.ts";
import { type FoundBlock, TwoPools } from "./support/two_pools.ts";

let server: TestPostgres;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server.stop());
const started: TwoPools[] = [];
afterEach(async () => {
  for (const pools of started.splice(0)) await pools.end();
});

const NOW = 1_790_000_000_000;
const SLICE = 10_000;
const hashOf = (number: number) => number.toString(16).padStart(64, "0");

async function start(
  ...given: Parameters<typeof TwoPools.start> extends [unknown, ...infer Rest] ? Rest : never
): Promise<TwoPools> {
  const pools = await TwoPools.start(server, ...given);
  started.push(pools);
  return pools;
}

/** Shares that stand before a block: the rule of docs/architecture/payout-schemes.md, read off the logs themselves. */
function before(pools: TwoPools, block: FoundBlock): Set<LoggedShare> {
  const own = pools.shares[block.instance] ?? [];
  const record = own.findIndex((share) => share.block === block.hash);
  const others = Object.entries(pools.shares).flatMap(([instance, shares]) => (instance === block.instance ? [] : shares));
  return new Set([
    ...own.slice(0, record + 1),
    ...others.filter((share) => share.at_ms < Math.floor(block.at_ms / SLICE) * SLICE),
  ]);
}

function counted(pools: TwoPools, shares: Iterable<LoggedShare>) {
  return [...shares].flatMap((share) => {
    const worker = pools.workers.find((item) => item.worker_id === share.worker_id);
    if (!worker || worker.solo || (share.result ?? "accepted") !== "accepted") return [];
    const slice = Math.floor(share.at_ms / SLICE);
    return [{ account_id: worker.account_id, slice, work_hashes: workHashes(share.difficulty ?? 1) }];
  });
}

function expectedPplns(pools: TwoPools, block: FoundBlock, reward: Reward, window_hashes: bigint): Credits {
  const items = counted(pools, before(pools, block));
  const slices = [...new Set(items.map((item) => item.slice))].sort((a, b) => b - a);
  const whole: AccountWork[] = [];
  let missing = window_hashes;
  for (const slice of slices) {
    const here = items.filter((item) => item.slice === slice);
    const total = here.reduce((sum, item) => sum + item.work_hashes, 0n);
    if (total >= missing) return pplns(reward, { whole, cut: here, cut_hashes: missing });
    whole.push(...here);
    missing -= total;
  }
  return pplns(reward, { whole, cut: [], cut_hashes: 0n });
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32;
  };
}

/** Half an hour of both instances, with blocks of both and of a solo worker. */
function history(pools: TwoPools, seed: number): FoundBlock[] {
  const random = generator(seed);
  const blocks: FoundBlock[] = [];
  let at_ms = NOW;
  for (let i = 0; i < 400; i++) {
    at_ms += Math.floor(random() * 9_000);
    const instance = random() < 0.6 ? "a" : "b";
    // Clocks of several machines, and a clock that is put back now and then.
    const when = at_ms - (random() < 0.05 ? 25_000 : 0);
    const worker = pools.worker(Math.floor(random() * 4));
    const difficulty = [0.01, 0.05, 0.2][Math.floor(random() * 3)] as number;
    const share: LoggedShare = { worker_id: worker.worker_id, at_ms: when, difficulty };
    if (random() < 0.1) share.result = "stale";
    if (i % 80 === 79) {
      const block = { instance, hash: hashOf(seed * 100 + i), at_ms: when, height: 100 + blocks.length, worker };
      blocks.push(block);
      pools.find(block, { difficulty });
    } else pools.log(instance, share);
  }
  return blocks;
}

const REWARD = { reward_sats: 312_500_000n, fee_percent: 1, donation: null, finder_bonus_percent: 5, exempt: new Set<number>() };

function postings(credits: Credits): Record<string, bigint> {
  const all: Record<string, bigint> = { coinbase: -REWARD.reward_sats };
  if (credits.fee_sats > 0n) all.fee_pending = credits.fee_sats;
  for (const { account_id, amount_sats } of credits.accounts) all[`miner_pending ${account_id}`] = amount_sats;
  return all;
}

describe("blocks of two instances", () => {
  test.each([3, 4, 5])("PPLNS pays the window that the logs say (history %i)", async (seed) => {
    const pools = await start({ pplns_window: 3, finder_bonus_percent: 5 });
    const blocks = history(pools, seed);
    await pools.drain();
    for (const block of blocks) {
      await pools.credit(block.hash);
      if (block.worker.solo) {
        const fee = REWARD.reward_sats / 100n;
        expect(await pools.postings("block_credit", block.hash)).toEqual({
          coinbase: -REWARD.reward_sats,
          fee_pending: fee,
          [`miner_pending ${block.worker.account_id}`]: REWARD.reward_sats - fee,
        });
        continue;
      }
      const reward = { ...REWARD, finder_account_id: block.worker.account_id };
      const credits = expectedPplns(pools, block, reward, workHashes(3));
      expect(await pools.postings("block_credit", block.hash)).toEqual(postings(credits));
    }
    // With what the logs hold and where they were read up to, the credits can be worked out again.
    const { rows } = await pools.database.query("SELECT count(*)::int AS n FROM block_window_end");
    expect(rows[0].n).toBe(blocks.length * 2);
  });

  test.each([6, 7])("PROP pays each share once, in the round that the logs say (history %i)", async (seed) => {
    const pools = await start({ scheme: "prop", finder_bonus_percent: 5 });
    const blocks = history(pools, seed);
    await pools.drain();
    let since = new Set<LoggedShare>();
    for (const block of blocks) {
      await pools.credit(block.hash);
      if (block.worker.solo) continue;
      const until = before(pools, block);
      const round = counted(
        pools,
        [...until].filter((share) => !since.has(share)),
      );
      const credits = prop({ ...REWARD, finder_account_id: block.worker.account_id }, round);
      expect(await pools.postings("block_credit", block.hash)).toEqual(postings(credits));
      const { rows } = await pools.database.query("SELECT round_work_hashes AS work FROM block WHERE hash = $1", [block.hash]);
      expect(BigInt(rows[0].work)).toBe(round.reduce((sum, item) => sum + item.work_hashes, 0n));
      since = until;
    }
  });

  test("a block that left the chain does not begin a PROP round: its work is in the next one", async () => {
    const pools = await start({ scheme: "prop", finder_bonus_percent: 0 });
    const [one, two] = [pools.worker(0), pools.worker(1)];
    pools.log("a", { worker_id: two.worker_id, at_ms: NOW, difficulty: 1 });
    pools.find({ instance: "a", hash: hashOf(1), at_ms: NOW + 1, height: 100, worker: one }, { difficulty: 1 });
    pools.find({ instance: "a", hash: hashOf(2), at_ms: NOW + 2, height: 100, worker: one }, { difficulty: 1 });
    await pools.drain();
    await pools.database.query("UPDATE block SET state = 'orphaned' WHERE hash = $1", [hashOf(1)]);
    await pools.credit(hashOf(2));
    const net = REWARD.reward_sats - REWARD.reward_sats / 100n;
    const paid = await pools.postings("block_credit", hashOf(2));
    expect(paid[`miner_pending ${two.account_id}`]).toBe(net / 3n);
  });

  test("shares that were paid by themselves are in no window after the pool went back to PPLNS", async () => {
    const pools = await start({ scheme: "pps" });
    const [one, two] = [pools.worker(0), pools.worker(1)];
    pools.log("a", { worker_id: one.worker_id, at_ms: NOW, difficulty: 0.5 });
    await pools.setPolicy({ scheme: "pplns", pplns_window: 100 });
    pools.addJob(2);
    pools.find({ instance: "a", hash: hashOf(1), at_ms: NOW + 1, height: 100, worker: two }, { difficulty: 0.5, job_number: 2 });
    await pools.drain();
    await pools.credit(hashOf(1));
    const fee = REWARD.reward_sats / 100n;
    expect(await pools.postings("block_credit", hashOf(1))).toEqual({
      coinbase: -REWARD.reward_sats,
      fee_pending: fee,
      [`miner_pending ${two.account_id}`]: REWARD.reward_sats - fee,
    });
  });
});
