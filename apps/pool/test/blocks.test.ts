import { mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { applyConfigPolicy, BlockLeader, type Database, ensureWorker, openDatabase } from "@otedama/db/pool";
import type { LateBlock } from "@otedama/native/engine-types";
import { workHashes } from "@otedama/shared";
import { type RunningChain, startChain } from "@otedama/simulator/chain";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { BlockFiles, type StoredBlock } from "../src/blocks/block_files.ts";
import { FoundBlocks } from "../src/blocks/found.ts";
import { LateRecords } from "../src/blocks/late_records.ts";
import { BlockStories } from "../src/blocks/stories.ts";
import { SUBMIT_OPTIONS, Submitter } from "../src/blocks/submit.ts";
import { BlockTracker } from "../src/blocks/track.ts";
import type { ChainNode } from "../src/work/node.ts";
import { ChainKit } from "./support/chain_kit.ts";
import { solve } from "./support/mine.ts";
import { poolPolicy } from "./support/pool_policy.ts";
import { POOL_ADDRESS } from "./support/pool_settings.ts";
import { until } from "./support/until.ts";

const MATURITY = 5;

let chain: RunningChain;
let server: TestPostgres;
beforeAll(async () => {
  [chain, server] = await Promise.all([startChain(), startTestPostgres()]);
});
afterAll(() => Promise.all([chain.stop(), server.stop()]));
const kit = new ChainKit(() => chain);
afterEach(() => kit.close());

const tip = () => chain.rpc<number>("getblockcount");

describe("blocks", () => {
  async function start(nodes: ChainNode[]) {
    const dir = kit.folder();
    const database = openDatabase({ url: await server.createMigratedDatabase(), application_name: "test" });
    kit.ends.push(() => database.end());
    const fee_percent = { solo: 1.5, pplns: 1.5, prop: 1.5, pps: 1.5, fpps: 1.5 };
    await applyConfigPolicy(database, "regtest", poolPolicy({ fee_percent }));
    const leader = new BlockLeader(database);
    kit.ends.push(() => leader.resign());
    const files = new BlockFiles({ dir });
    const made = kit.startWork([kit.nodeAt(chain.url)]);
    const tracker = new BlockTracker(
      {
        maturity_confirmations: MATURITY,
        orphan_depth: 2,
        reorganisation_depth: 20,
        poll_ms: 60_000,
        blocks_per_pass: 100,
        instance_id: "test",
        live_ms: 60_000,
        wait_ms_max: 600_000,
      },
      {
        database,
        leader,
        files,
        node: () => made.source.active,
        onMove: () => {},
        onTrouble: () => {},
      },
    );
    const outcomes: string[] = [];
    const clock = { ahead_ms: 0 };
    let retries = 0;
    const troubles: string[] = [];
    const stories = new BlockStories({ network: "regtest", retry_ms: 50 }, { database, files, onTrouble: () => {} });
    await stories.start();
    kit.ends.push(() => stories.stop());
    const makeSubmitter = () =>
      new Submitter(
        { ...SUBMIT_OPTIONS, retry_ms_min: 20, retry_ms_max: 50, attempts_max: 3 },
        {
          nodes,
          files,
          now_ms: () => Date.now() + clock.ahead_ms,
          monotonic_ms: () => performance.now(),
          onOutcome: (hash) => outcomes.push(hash),
          onAnswers: (hash, answers) => stories.answered(hash, answers),
          onRetry: () => {
            retries += 1;
          },
          onTrouble: (_hash, message) => troubles.push(message),
        },
      );
    const submitter = makeSubmitter();
    kit.ends.push(() => submitter.stop());
    const stored: number[] = [];
    const found = new FoundBlocks({
      engine: { blockStored: (candidate_id) => stored.push(candidate_id) },
      job: (job_number) => made.work.job(job_number),
      files,
      submitter,
      monotonic_ms: () => performance.now(),
      onFound: () => {},
      onTrouble: (hash, message) => {
        throw new Error(`${hash} ${message}`);
      },
    });
    /** Mines the job of the moment by `worker_id` and books the block's row as the share log's consumer would. */
    const mine = async (worker_id: number, salt = 0) => {
      const job = await made.fresh((await tip()) + 1);
      const solution = solve(job, salt);
      await found.handle({
        kind: "block",
        candidate_id: 7,
        worker_id,
        job_number: job.engine.job_number,
        share_difficulty: 1,
        at_ms: Date.now(),
        accepted: true,
        ...solution,
      });
      const block = await files.read(solution.hash);
      if (!block) throw new Error("not stored");
      await insertRow(database, block);
      return block;
    };
    const moreRetries = async () => {
      const before = retries;
      await until("more tries", () => retries > before + 2);
    };
    return {
      ...made,
      database,
      files,
      tracker,
      submitter,
      makeSubmitter,
      outcomes,
      stored,
      found,
      mine,
      dir,
      clock,
      moreRetries,
      troubles,
    };
  }

  let round = 0;
  async function insertRow(database: Database, block: StoredBlock): Promise<void> {
    await database.query(
      `INSERT INTO block (hash, height, instance_id, worker_id, round_id, prev_hash, coinbase_txid, found_at, reward_sats, fees_sats,
         network_difficulty, share_difficulty, transactions, size_bytes)
       VALUES ($1, $2, 'test', $3, $4, $5, $6, now(), $7, 0, $8, 1, 1, 1)`,
      [
        block.hash,
        block.height,
        block.worker_id,
        round++,
        block.prev_hash,
        block.coinbase_txid,
        block.reward_sats,
        block.network_difficulty,
      ],
    );
  }

  async function states(database: Database) {
    const { rows } = await database.query("SELECT state, confirmations, note FROM block ORDER BY height, hash");
    return rows as { state: string; confirmations: number; note: string | null }[];
  }

  async function balances(database: Database): Promise<Record<string, number>> {
    const { rows } = await database.query(
      `SELECT l.kind || coalesce(' ' || l.account_id, '') AS name, b.balance_sats FROM ledger_balance b
         JOIN ledger_account l ON l.id = b.ledger_account_id ORDER BY 1`,
    );
    expect(rows.reduce((sum, row) => sum + BigInt(row.balance_sats), 0n)).toBe(0n);
    return Object.fromEntries(rows.map((row) => [row.name, Number(row.balance_sats)]));
  }

  test("is accepted by the node, credited, matures; its coinbase pays what the template allowed", async () => {
    const { database, mine, tracker, outcomes, stored, makeSubmitter } = await start([kit.nodeAt(chain.url)]);
    const a = await ensureWorker(database, POOL_ADDRESS, "a");
    const block = await mine(a.worker_id);
    expect(stored).toEqual([7]);
    await until("a verdict", () => outcomes.length > 0);
    const onChain = await chain.rpc<{ tx: string[]; confirmations: number }>("getblock", [block.hash]);
    expect(onChain.tx[0]).toBe(block.coinbase_txid);
    await tracker.pass();
    expect(await states(database)).toEqual([{ state: "pending", confirmations: 1, note: null }]);
    const reward = Number(block.reward_sats);
    const fee = Math.floor(reward * 0.015);
    expect(await balances(database)).toEqual({
      coinbase: -reward,
      fee_pending: fee,
      [`miner_pending ${a.account_id}`]: reward - fee,
    });
    await tracker.pass();
    await chain.rpc("generatetoaddress", [MATURITY - 1, POOL_ADDRESS]);
    await tracker.pass();
    await tracker.pass();
    expect((await states(database))[0]).toMatchObject({ state: "confirmed", confirmations: MATURITY });
    expect(await balances(database)).toEqual({
      coinbase: -reward,
      fee_pending: 0,
      fee_available: fee,
      [`miner_pending ${a.account_id}`]: 0,
      [`miner_available ${a.account_id}`]: reward - fee,
    });
    // Its story: each node's answer, each change of state, what the coinbase says and pays.
    const answered = await until("the node's answer", async () => {
      const { rows } = await database.query("SELECT * FROM block_submission WHERE block_hash = $1", [block.hash]);
      return rows[0]?.result === "accepted" && rows[0];
    });
    expect(answered).toMatchObject({ node: new URL(chain.url).host, answer: null, attempts: 1 });
    expect(answered.latency_ms).toBeGreaterThanOrEqual(0);
    expect(answered.answered_at.getTime()).toBeGreaterThanOrEqual(answered.first_at.getTime());
    const moves = await database.query("SELECT from_state, to_state FROM block_move WHERE block_hash = $1 ORDER BY id", [
      block.hash,
    ]);
    expect(moves.rows).toEqual([
      { from_state: "found", to_state: "pending" },
      { from_state: "pending", to_state: "confirmed" },
    ]);
    const coinbase = await database.query("SELECT text, template_node, outputs FROM block_coinbase WHERE block_hash = $1", [
      block.hash,
    ]);
    expect(coinbase.rows[0]).toMatchObject({
      text: "/test/",
      template_node: new URL(chain.url).host,
      outputs: [{ address: POOL_ADDRESS, value_sats: reward }],
    });
    // Nothing is left to submit for a process that starts now.
    const again = makeSubmitter();
    await again.start();
    expect(again.open_count).toBe(0);
    await again.stop();
  });

  test("is orphaned by a reorganisation, with everything reversed, and credited anew when it comes back", async () => {
    const { database, mine, tracker, outcomes, files } = await start([kit.nodeAt(chain.url)]);
    const a = await ensureWorker(database, POOL_ADDRESS, "a");
    const block = await mine(a.worker_id);
    await until("a verdict", () => outcomes.length > 0);
    await tracker.pass();
    expect((await balances(database)).coinbase).toBe(-Number(block.reward_sats));
    const [, rival] = await chain.rpc<string[]>("generateonheight", [block.height - 1, 2, POOL_ADDRESS]);
    await tracker.pass();
    const replaced = await chain.rpc<string>("getblockhash", [block.height]);
    expect(await states(database)).toEqual([{ state: "orphaned", confirmations: 0, note: `replaced by ${replaced}` }]);
    expect(Object.values(await balances(database)).every((balance) => balance === 0)).toBe(true);
    expect(await files.outcome(block.hash)).toMatchObject({ accepted: true });

    await chain.rpc("invalidateblock", [replaced]);
    expect(await chain.rpc("getbestblockhash")).not.toBe(rival);
    const stored = await files.read(block.hash);
    await chain.rpc("submitblock", [stored?.block_hex]);
    if ((await chain.rpc("getblockhash", [block.height]).catch(() => null)) !== block.hash)
      await chain.rpc("reconsiderblock", [block.hash]);
    await until(
      "the block to be back",
      async () => (await chain.rpc("getblockhash", [block.height]).catch(() => null)) === block.hash,
    );
    await tracker.pass();
    expect((await states(database))[0]).toMatchObject({ state: "pending", note: null });
    expect((await balances(database)).coinbase).toBe(-Number(block.reward_sats));
    const entries = await database.query("SELECT cause, cause_key FROM ledger_entry ORDER BY id");
    expect(entries.rows).toEqual([
      { cause: "block_credit", cause_key: block.hash },
      { cause: "block_orphan", cause_key: block.hash },
      { cause: "block_credit", cause_key: `${block.hash}#2` },
    ]);
  });

  test("mature and then pushed out of the chain: what had become available is taken back", async () => {
    const { database, mine, tracker, outcomes } = await start([kit.nodeAt(chain.url)]);
    const a = await ensureWorker(database, POOL_ADDRESS, "a");
    const block = await mine(a.worker_id);
    await until("a verdict", () => outcomes.length > 0);
    await chain.rpc("generatetoaddress", [MATURITY, POOL_ADDRESS]);
    await tracker.pass();
    expect((await states(database))[0]?.state).toBe("confirmed");
    await chain.rpc("generateonheight", [block.height - 1, MATURITY + 2, POOL_ADDRESS]);
    await tracker.pass();
    expect((await states(database))[0]?.state).toBe("orphaned");
    expect(Object.values(await balances(database)).every((balance) => balance === 0)).toBe(true);
  });

  test("found while the node is away is submitted when it is back, by the next process too", async () => {
    const { line, node } = await kit.interruptible();
    const { database, mine, submitter, makeSubmitter, files, tracker } = await start([node]);
    const a = await ensureWorker(database, POOL_ADDRESS, "a");
    await line.cut();
    const block = await mine(a.worker_id);
    await submitter.stop();
    expect(await files.outcome(block.hash)).toBeNull();
    const next = makeSubmitter();
    kit.ends.push(() => next.stop());
    await next.start();
    expect(next.open_count).toBe(1);
    await line.open();
    await until("a verdict", () => files.outcome(block.hash));
    expect(await chain.rpc("getbestblockhash")).toBe(block.hash);
    await tracker.pass();
    expect((await states(database))[0]?.state).toBe("pending");
  });

  test("found while the node is away is not given up because the clock jumps by days", async () => {
    const { line, node } = await kit.interruptible();
    const { database, mine, files, clock, moreRetries } = await start([node]);
    const a = await ensureWorker(database, POOL_ADDRESS, "a");
    await line.cut();
    const block = await mine(a.worker_id);
    clock.ahead_ms = 30 * 86_400_000;
    await moreRetries();
    expect(await files.outcome(block.hash)).toBeNull();
    await line.open();
    expect(await until("a verdict", () => files.outcome(block.hash))).toMatchObject({ accepted: true });
  });

  test("whose verdict a full disk does not take is followed all the same, and the verdict is written later", async () => {
    const { line, node } = await kit.interruptible();
    const { database, mine, files, dir, troubles } = await start([node]);
    const a = await ensureWorker(database, POOL_ADDRESS, "a");
    await line.cut();
    const block = await mine(a.worker_id);
    // A folder in the way stands for a disk that takes nothing.
    const in_the_way = join(dir, `${block.hash}.outcome.new`);
    mkdirSync(in_the_way);
    await line.open();
    await until("the trouble", () => troubles.length > 0);
    expect(troubles[0]).toMatch(/^the nodes' verdict cannot be written to disk: /);
    expect(await chain.rpc("getbestblockhash")).toBe(block.hash);
    rmdirSync(in_the_way);
    expect(await until("the verdict", () => files.outcome(block.hash))).toMatchObject({ accepted: true });
    expect(troubles).toHaveLength(1);
  });

  test("that the share log could not take is written to it late: once, and only when it is sure that it is not there", async () => {
    const { database, mine, found, files, fresh } = await start([kit.nodeAt(chain.url)]);
    const a = await ensureWorker(database, POOL_ADDRESS, "a");
    await mine(a.worker_id);
    const job = await fresh((await tip()) + 1);
    const solution = solve(job, 9);
    const { job_number } = job.engine;
    await found.handle({
      kind: "block",
      candidate_id: 9,
      worker_id: a.worker_id,
      job_number,
      share_difficulty: 3,
      at_ms: 1_790_000_000_000,
      accepted: false,
      ...solution,
    });
    const logged: unknown[] = [];
    const world = { now_ms: 0, age_ms: null as number | null, takes: false };
    const logBlock = (block: LateBlock) => {
      if (world.takes) logged.push(block);
      return world.takes;
    };
    const applied_age_ms = () => world.age_ms;
    const dependencies = { database, files, engine: { logBlock }, applied_age_ms, monotonic_ms: () => world.now_ms };
    const makeLate = () => new LateRecords({ unwritten_ms: 5_000 }, { ...dependencies, onLate: () => {} });
    const late = makeLate();
    const pass = async (change: Partial<typeof world>) => {
      Object.assign(world, change);
      await late.pass();
    };
    await pass({});
    expect(late.waiting).toBe(1);
    // Not before the log was applied past the time when its record would have been there; and not while the log is refused.
    await pass({ now_ms: 60_000 });
    await pass({ takes: true, age_ms: 56_000 });
    expect(logged).toEqual([]);
    await pass({ takes: false, age_ms: 100 });
    await pass({ takes: true });
    expect(logged).toMatchObject([{ hash: solution.hash, worker_id: a.worker_id, job_number, share_difficulty: 3 }]);
    // A process that starts looks into the log itself, and does not wait.
    const started = makeLate();
    await started.begin(async () => new Set([solution.hash]));
    expect(logged).toHaveLength(1);
    await started.begin(async () => new Set());
    expect(logged.splice(1)).toMatchObject([{ hash: solution.hash }]);
    // It is given time to be applied; then it is known.
    await pass({ now_ms: 64_000 });
    const block = await files.read(solution.hash);
    if (!block) throw new Error("not stored");
    await insertRow(database, block);
    await pass({ now_ms: 99_000 });
    expect([logged.length, late.waiting]).toEqual([1, 0]);
  });

  test("handed to a node that is catching up is handed to it again until it knows the block before; one that is away is not waited for", async () => {
    const { line, node } = await kit.altered();
    const { line: cut, node: gone } = await kit.interruptible();
    await cut.cut();
    let asked = 0;
    line.alter = ({ method }, result) => (method === "submitblock" && ++asked <= 6 ? "bad-prevblk" : result);
    const { database, mine, files, submitter } = await start([node, gone]);
    const a = await ensureWorker(database, POOL_ADDRESS, "a");
    const block = await mine(a.worker_id);
    const outcome = await until("a verdict", () => files.outcome(block.hash));
    expect(outcome.accepted).toBe(true);
    await until("everybody to be let go", () => submitter.open_count === 0);
    const rows = await until("the answers", async () => {
      const { rows } = await database.query("SELECT node, result, attempts FROM block_submission ORDER BY result");
      return rows.length === 2 && rows[1].attempts >= 3 && rows;
    });
    expect(rows).toMatchObject([
      { node: node.name, result: "accepted", attempts: 7 },
      { node: gone.name, result: "away" },
    ]);
  });

  test("on a template that the node has withdrawn ends beside the chain and is credited to nobody", async () => {
    const { database, work, fresh, found, files, tracker, outcomes } = await start([kit.nodeAt(chain.url)]);
    const a = await ensureWorker(database, POOL_ADDRESS, "a");
    const job = await fresh((await tip()) + 1);
    await chain.rpc("generatetoaddress", [2, POOL_ADDRESS]);
    await until("the next job", () => work.current !== job);
    const solution = solve(job, 5);
    const event = {
      kind: "block" as const,
      worker_id: a.worker_id,
      job_number: job.engine.job_number,
      share_difficulty: 1,
      at_ms: 1,
      accepted: false,
    };
    await found.handle({ ...event, candidate_id: 8, ...solution });
    const block = await files.read(solution.hash);
    if (!block) throw new Error("not stored");
    await insertRow(database, block);
    await until("a verdict", () => outcomes.length > 0);
    await tracker.pass();
    expect((await states(database))[0]?.state).toBe("orphaned");
    expect(await balances(database)).toEqual({});
  });

  test("that the node refuses is rejected with the node's reason", async () => {
    const { database, files, submitter, tracker, mine, outcomes, dir } = await start([kit.nodeAt(chain.url)]);
    const a = await ensureWorker(database, POOL_ADDRESS, "a");
    const good = await mine(a.worker_id);
    await until("a verdict", () => outcomes.length > 0);
    // Another merkle root: the header's work is void.
    const hex = good.block_hex;
    const bad = {
      ...good,
      hash: "0f".repeat(32),
      height: good.height + 1,
      block_hex: `${hex.slice(0, 72)}${"ee".repeat(32)}${hex.slice(136)}`,
    };
    await files.store(bad);
    await insertRow(database, bad);
    submitter.submit(bad.hash, bad.block_hex);
    await until("a verdict", () => files.outcome(bad.hash));
    await until(
      "what each node said",
      async () => (await files.answers(bad.hash))?.complete && (await files.answers(good.hash))?.complete,
    );
    await tracker.pass();
    expect((await states(database)).map((row) => row.state)).toEqual(["pending", "rejected"]);
    expect((await states(database))[1]?.note).toMatch(/^[a-z-]+$/);
    // Long settled, their files go; the pending one's stay.
    await tracker.prune(Date.now() + 60_000);
    expect(readdirSync(dir).sort()).toEqual(["answers", "json", "outcome"].map((kind) => `${good.hash}.${kind}`));
  });

  test("pays by the window before it, cut inside its first ten seconds", async () => {
    const { database, mine, tracker, outcomes } = await start([kit.nodeAt(chain.url)]);
    const a = await ensureWorker(database, POOL_ADDRESS, "a");
    const b = await ensureWorker(database, "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm", "b");
    round = 100;
    const bucket = async (seconds: number, worker_id: number, round_id: number, work: bigint) =>
      database.query(
        `INSERT INTO share_bucket (bucket_at, worker_id, instance_id, round_id, difficulty, accepted, work_hashes, window_hashes)
         VALUES (to_timestamp($1), $2, 'test', $3, 1, 1, $4, $4)`,
        [1_790_000_000 + seconds, worker_id, round_id, work.toString()],
      );
    // Difficulty 4.66e-10 × 2: a window of ⌊4⌋ hashes at 2^32 a unit, so 3 (7fffff is a little under half of all hashes).
    const window = workHashes(2 * 4.6565423739069247e-10);
    expect(window).toBe(3n);
    await bucket(0, b.worker_id, 99, 1_000n);
    await bucket(10, a.worker_id, 99, 6n);
    await bucket(10, b.worker_id, 99, 2n);
    await bucket(20, b.worker_id, 100, 2n);
    await bucket(20, a.worker_id, 101, 999n);
    const block = await mine(a.worker_id);
    await until("a verdict", () => outcomes.length > 0);
    await tracker.pass();
    const net = Number(block.reward_sats) - Math.floor(Number(block.reward_sats) * 0.015);
    // b has 2 of 3; the last 1 is of the slice of 8, of which a has 6: a 3/4, b 1/4.
    const after = await balances(database);
    expect(after[`miner_pending ${a.account_id}`]).toBe(net * 0.25);
    expect(after[`miner_pending ${b.account_id}`]).toBe(net * 0.75);
  });
});
