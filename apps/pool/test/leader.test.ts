/** One of several instances follows the blocks, and waits for the others' shares. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { BlockLeader, openDatabase, reportInstance } from "@otedama/db/pool";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { BlockFiles } from "../src/blocks/block_files.ts";
import { BlockTracker } from "../src/blocks/track.ts";
import type { ChainNode } from "../src/work/node.ts";
import { TwoPools } from "./support/two_pools.ts";

let server: TestPostgres;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server.stop());
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const NOW = 1_790_000_000_000;
const HASH = "ab".repeat(32);
/** NOW is on one side or the other of the real time, and nearer than this. */
const YEARS_MS = 20 * 365 * 86_400_000;
const WAIT_MS = 600_000;

/** A chain whose blocks are named by the test. */
function chainOf(hashes: Map<number, string>, tip: number): ChainNode {
  const call = async () => tip;
  const batch = async (requests: { params?: unknown[] }[]) =>
    requests.map(({ params }) => hashes.get(params?.[0] as number) ?? "00");
  return { rpc: { call, batch } } as unknown as ChainNode;
}

async function start() {
  const pools = await TwoPools.start(server);
  ends.push(() => pools.end());
  const chain = { node: chainOf(new Map([[100, HASH]]), 100) };
  const tracker = (instance_id: string) => {
    const dir = mkdtempSync(join(tmpdir(), "otedama-leader-"));
    ends.push(() => rmSync(dir, { recursive: true, force: true }));
    const database = openDatabase({ url: pools.database.options.connectionString as string, application_name: instance_id });
    ends.push(() => database.end());
    const files = new BlockFiles({ dir });
    const leader = new BlockLeader(database);
    ends.push(() => leader.resign());
    const made = new BlockTracker(
      {
        maturity_confirmations: 5,
        orphan_depth: 2,
        reorganisation_depth: 20,
        poll_ms: 60_000,
        blocks_per_pass: 100,
        instance_id,
        live_ms: 60_000,
        wait_ms_max: WAIT_MS,
      },
      { database, leader, files, node: () => chain.node, onMove: () => {}, onTrouble: () => {} },
    );
    return { tracker: made, leader, files };
  };
  return { pools, chain, tracker };
}

const stateOf = async (pools: TwoPools, hash = HASH) => (await pools.block(hash)).state;

describe("instances on one database", () => {
  test("one leads; when it goes, the other does", async () => {
    const { tracker } = await start();
    const [a, b] = [tracker("a"), tracker("b")];
    expect([await a.leader.leads(), await b.leader.leads(), await a.leader.leads()]).toEqual([true, false, true]);
    await a.leader.resign();
    await expect.poll(() => b.leader.leads()).toBe(true);
    expect(await a.leader.leads()).toBe(false);
  });

  test("a block is credited once the other instance has applied what it had from before it", async () => {
    const { pools, tracker } = await start();
    const { tracker: leader } = tracker("a");
    const { tracker: other } = tracker("b");
    pools.log("b", { worker_id: pools.worker(1).worker_id, at_ms: NOW - 20_000, difficulty: 1 });
    pools.find({ instance: "a", hash: HASH, at_ms: NOW, height: 100, worker: pools.worker(0) }, { difficulty: 1 });
    await pools.consumer("a").drain();
    // b lives and has a cursor, but its last share is not applied yet.
    await pools.database.query("INSERT INTO share_log_cursor (instance_id, segment, \"offset\") VALUES ('b', 1, 64)");
    await reportInstance(pools.database, "b", YEARS_MS);
    await leader.pass();
    await other.pass();
    expect(await stateOf(pools)).toBe("found");
    await pools.consumer("b").drain();
    await reportInstance(pools.database, "b", -1_000);
    // Who does not lead does not credit either.
    await other.pass();
    expect(await stateOf(pools)).toBe("found");
    await leader.pass();
    expect(await stateOf(pools)).toBe("pending");
    const paid = await pools.postings("block_credit", HASH);
    expect(paid[`miner_pending ${pools.worker(1).account_id}`]).toBeGreaterThan(0n);
  });

  test("a finder whose clock is ahead makes nobody wait until then", async () => {
    const { pools, tracker } = await start();
    const { tracker: leader } = tracker("a");
    await pools.database.query("INSERT INTO share_log_cursor (instance_id, segment, \"offset\") VALUES ('b', 1, 64)");
    const at_ms = Date.now() + YEARS_MS;
    pools.find({ instance: "a", hash: HASH, at_ms, height: 100, worker: pools.worker(0) }, { difficulty: 1 });
    await pools.consumer("a").drain();
    await reportInstance(pools.database, "b", 5_000);
    await leader.pass();
    expect(await stateOf(pools)).toBe("found");
    await reportInstance(pools.database, "b", -1_000);
    await leader.pass();
    expect(await stateOf(pools)).toBe("pending");
  });

  test("an instance that does not catch up counts as far as it got, and one that is gone is not waited for", async () => {
    const { pools, tracker } = await start();
    const { tracker: leader } = tracker("a");
    pools.find({ instance: "a", hash: HASH, at_ms: NOW, height: 100, worker: pools.worker(0) }, { difficulty: 1 });
    await pools.consumer("a").drain();
    await pools.database.query("INSERT INTO share_log_cursor (instance_id, segment, \"offset\") VALUES ('b', 1, 64)");
    await reportInstance(pools.database, "b", null);
    await leader.pass();
    expect(await stateOf(pools)).toBe("found");
    await pools.database.query("UPDATE block SET updated_at = updated_at - make_interval(secs => $1)", [WAIT_MS / 1000]);
    await leader.pass();
    expect(await stateOf(pools)).toBe("pending");
    const { rows } = await pools.database.query('SELECT instance_id, "offset"::int FROM block_window_end ORDER BY 1');
    expect(rows).toEqual([
      { instance_id: "a", offset: 144 },
      { instance_id: "b", offset: 64 },
    ]);

    const gone = await start();
    const { tracker: alone } = gone.tracker("a");
    gone.pools.find({ instance: "a", hash: HASH, at_ms: NOW, height: 100, worker: gone.pools.worker(0) }, { difficulty: 1 });
    await gone.pools.consumer("a").drain();
    await gone.pools.database.query(
      "INSERT INTO share_log_cursor (instance_id, segment, \"offset\", seen_at) VALUES ('b', 1, 64, now() - interval '2 minutes')",
    );
    await alone.pass();
    expect(await stateOf(gone.pools)).toBe("pending");
  });

  test("who does not lead settles what its own nodes refused", async () => {
    const { pools, chain, tracker } = await start();
    const { leader } = tracker("b");
    expect(await leader.leads()).toBe(true);
    const { tracker: finder, files } = tracker("a");
    chain.node = chainOf(new Map(), 100);
    pools.find({ instance: "a", hash: HASH, at_ms: NOW, height: 100, worker: pools.worker(0) });
    await pools.consumer("a").drain();
    await files.storeOutcome(HASH, { accepted: false, note: "bad-txns", at_ms: 1 });
    await finder.pass();
    expect(await stateOf(pools)).toBe("rejected");
  });

  test("two that credit one block at once credit it once", async () => {
    const { pools, tracker } = await start();
    const [a, b] = [tracker("a"), tracker("b")];
    pools.find({ instance: "a", hash: HASH, at_ms: NOW, height: 100, worker: pools.worker(0) }, { difficulty: 1 });
    await pools.drain();
    // As if the database had let both lead: the block's row and its state decide.
    a.leader.leads = async () => true;
    b.leader.leads = async () => true;
    await Promise.allSettled([a.tracker.pass(), b.tracker.pass()]);
    expect(await stateOf(pools)).toBe("pending");
    const { rows } = await pools.database.query("SELECT count(*)::int AS n FROM ledger_entry");
    expect(rows[0].n).toBe(1);
  });
});
