/** The whole pool in one process, between a real chain node, a real PostgreSQL and miners on real sockets. */
import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { createPolicyVersion, type Database, openDatabase, readPolicy } from "@otedama/db/pool";
import { createStratumEngine } from "@otedama/native/engine";
import { PoolEvent, PoolHello, type PoolSettings, PoolSnapshot, workHashes } from "@otedama/shared";
import { type RunningChain, startChain } from "@otedama/simulator/chain";
import { pino } from "pino";
import { Server } from "socket.io";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningPool, startPool } from "../src/pool.ts";
import { Interrupter } from "./support/interrupter.ts";
import { POOL_ADDRESS, poolSettings } from "./support/pool_settings.ts";
import { StratumMiner } from "./support/stratum_miner.ts";
import { until } from "./support/until.ts";

/** 30 s of 3,000 hashes a second: a moment's work for the test's miner, and some ten shares. */
const HASHRATE_HPS = 3_000;
const DIFFICULTY = (HASHRATE_HPS * 30) / 2 ** 32 / 10;
const SECOND_ADDRESS = "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm";

/** Of a miner that never mines with the others. */
const SOLO_ADDRESS = "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn";

let chain: RunningChain;
let postgres: TestPostgres;
let nodeLine: Interrupter;
let databaseLine: Interrupter;
let database: Database;
let pool: RunningPool;
let settings: PoolSettings;
let hub: Server;
const hellos: unknown[] = [];
const snapshots: PoolSnapshot[] = [];
const events: PoolEvent[] = [];
const miners: StratumMiner[] = [];

beforeAll(async () => {
  [chain, postgres] = await Promise.all([startChain({ hashrate_hps: HASHRATE_HPS, block_interval_s: 30 }), startTestPostgres()]);
  const url = new URL(await postgres.createMigratedDatabase());
  database = openDatabase({ url: url.href, application_name: "test" });
  databaseLine = new Interrupter({ host: url.hostname, port: Number(url.port) });
  nodeLine = new Interrupter({ host: "127.0.0.1", port: Number(new URL(chain.url).port) });
  await Promise.all([databaseLine.open(), nodeLine.open()]);
  url.port = String(databaseLine.port);

  const http = createServer();
  hub = new Server(http);
  hub.of("/pools").on("connection", (socket) => {
    hellos.push(socket.handshake.auth);
    socket.on("snapshot", (snapshot) => snapshots.push(PoolSnapshot.parse(snapshot)));
    socket.on("event", (event, answer) => {
      events.push(PoolEvent.parse(event));
      answer({ ok: true });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  settings = poolSettings({
    node_url: `http://127.0.0.1:${nodeLine.port}`,
    rpc_user: chain.user,
    rpc_password: chain.password,
    database_url: url.href,
    difficulty: DIFFICULTY,
    hub: { url: `http://127.0.0.1:${(http.address() as { port: number }).port}`, token: "t".repeat(32) },
  });
  pool = await startPool(settings, { log: pino({ level: "silent" }), version: "1.2.3", makeEngine: createStratumEngine });
});
afterAll(async () => {
  for (const miner of miners) miner.close();
  await pool?.stop();
  await hub?.close();
  await Promise.all([nodeLine?.cut(), databaseLine?.cut(), database?.end()]);
  await Promise.all([chain?.stop(), postgres?.stop()]);
  if (settings) rmSync(settings.data_dir, { recursive: true, force: true });
});

async function login(user: string, password?: string): Promise<StratumMiner> {
  const miner = await StratumMiner.connect(pool.stratum[0]?.port ?? 0);
  miners.push(miner);
  expect(await miner.authorize(user, password)).toMatchObject({ result: true, error: null });
  return miner;
}

/** Mines until the chain has a block more of this miner; returns its hash. One that another found before may arrive in between. */
async function mineBlock(miner: StratumMiner): Promise<string> {
  for (;;) {
    const height = await chain.rpc<number>("getblockcount");
    while ((await chain.rpc<number>("getblockcount")) === height) await miner.mine();
    const hash = await chain.rpc<string>("getblockhash", [height + 1]);
    const finder = await until("the block's row", async () => {
      const { rows } = await database.query<{ login: string }>(
        `SELECT a.address || '.' || w.name AS login FROM block b JOIN worker w ON w.id = b.worker_id JOIN account a ON a.id = w.account_id
         WHERE b.hash = $1`,
        [hash],
      );
      return rows[0]?.login;
    });
    if (finder === miner.user) return hash;
  }
}

/** Every block that was found until now is on the chain, or beside it. */
const blocksSettled = () =>
  until("the blocks from before to be followed", async () => {
    const { rows } = await database.query("SELECT 1 FROM block WHERE state = 'found'");
    return rows.length === 0;
  });

const acceptedOf = async (name: string) => {
  const { rows } = await database.query(
    "SELECT coalesce(sum(s.accepted), 0)::int AS n FROM worker w LEFT JOIN worker_state s ON s.worker_id = w.id WHERE w.name = $1",
    [name],
  );
  return rows[0].n as number;
};

async function ledgerSum(): Promise<number> {
  const { rows } = await database.query("SELECT coalesce(sum(amount_sats), 0) AS total FROM ledger_posting");
  return Number(rows[0].total);
}

/** What a block credited, by ledger account. */
async function creditsOf(hash: string): Promise<Record<string, bigint>> {
  const { rows } = await database.query<{ name: string; sats: string }>(
    `SELECT l.kind || coalesce(' ' || a.address, '') AS name, p.amount_sats::text AS sats FROM ledger_entry e
       JOIN ledger_posting p ON p.entry_id = e.id JOIN ledger_account l ON l.id = p.ledger_account_id LEFT JOIN account a ON a.id = l.account_id
     WHERE e.cause = 'block_credit' AND e.cause_key = $1`,
    [hash],
  );
  return Object.fromEntries(rows.map((row) => [row.name, BigInt(row.sats)]));
}

const blockState = async (hash: string) =>
  (await database.query<{ state: string }>("SELECT state FROM block WHERE hash = $1", [hash])).rows[0]?.state;

describe("a pool", () => {
  test("turns Stratum shares into a block, the block into credits, and the credits into balances", async () => {
    const a = await login(`${POOL_ADDRESS}.a`);
    const b = await login(`${SECOND_ADDRESS}.b`);
    for (let accepted = 0; accepted < 3; ) accepted += (await b.mine()).result === true ? 1 : 0;
    const hash = await mineBlock(a);
    await until("the block to be pending", async () => (await blockState(hash)) === "pending");
    expect(await chain.rpc("getbestblockhash")).toBe(hash);
    const { rows } = await database.query("SELECT * FROM block WHERE hash = $1", [hash]);
    const [block] = rows;
    const reward = Number(block.reward_sats);
    const fee = Math.floor(reward / 100);
    const credited = await database.query(
      `SELECT a.address, p.amount_sats::float8 AS amount, l.kind FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id
         JOIN ledger_account l ON l.id = p.ledger_account_id LEFT JOIN account a ON a.id = l.account_id
       WHERE e.cause = 'block_credit' AND e.cause_key = $1`,
      [hash],
    );
    const amount = (kind: string, address: string | null) =>
      credited.rows.find((row) => row.kind === kind && row.address === address)?.amount ?? 0;
    expect(amount("coinbase", null)).toBe(-reward);
    expect(amount("fee_pending", null)).toBe(fee);
    // The window is longer than the whole history up to the block's own share.
    const work = await database.query(
      `SELECT a.address, sum(b.work_hashes)::float8 AS work, sum(b.work_hashes) FILTER (WHERE round_id = $1)::float8 AS round
       FROM share_bucket b JOIN worker w ON w.id = b.worker_id JOIN account a ON a.id = w.account_id
       WHERE b.round_id <= $1 GROUP BY a.address`,
      [block.round_id],
    );
    const total = work.rows.reduce((sum, row) => sum + row.work, 0);
    expect(work.rows.length).toBe(2);
    for (const row of work.rows) {
      expect(row.work).toBeGreaterThan(0);
      expect(Math.abs(amount("miner_pending", row.address) - ((reward - fee) * row.work) / total)).toBeLessThanOrEqual(1);
    }
    expect(Number(block.round_work_hashes)).toBe(work.rows.reduce((sum, row) => sum + (row.round ?? 0), 0));
    expect(block.effort).toBeCloseTo(Number(block.round_work_hashes) / Number(workHashes(block.network_difficulty)), 9);

    await chain.rpc("generatetoaddress", [2, POOL_ADDRESS]);
    await until("maturity", async () => (await blockState(hash)) === "confirmed");
    const mature = await database.query(
      "SELECT sum(reward_sats)::float8 AS rewards, sum(reward_sats / 100)::float8 AS fees FROM block WHERE state = 'confirmed'",
    );
    const { rewards, fees } = mature.rows[0];
    const balances = await database.query(
      `SELECT l.kind, sum(b.balance_sats)::float8 AS sats FROM ledger_balance b JOIN ledger_account l ON l.id = b.ledger_account_id
       GROUP BY l.kind`,
    );
    expect(Object.fromEntries(balances.rows.map((row) => [row.kind, row.sats]))).toMatchObject({
      fee_available: fees,
      miner_available: rewards - fees,
    });
    expect(await ledgerSum()).toBe(0);
    expect(events.map((event) => event.kind)).toEqual(expect.arrayContaining(["new_tip", "block_found", "block_confirmed"]));
  });

  test("orphans a block that a longer branch replaced, and takes its credits back", async () => {
    const a = await login(`${POOL_ADDRESS}.a`);
    const hash = await mineBlock(a);
    await blocksSettled();
    await until("the block to be pending", async () => (await blockState(hash)) === "pending");
    const height = await chain.rpc<number>("getblockcount");
    await chain.rpc("generateonheight", [height - 1, 2, POOL_ADDRESS]);
    await until("the block to be orphaned", async () => (await blockState(hash)) === "orphaned");
    const { rows } = await database.query(
      `SELECT sum(p.amount_sats)::int AS net FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id
       WHERE e.block_hash = $1 GROUP BY p.ledger_account_id`,
      [hash],
    );
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.every((row) => row.net === 0)).toBe(true);
    expect(await ledgerSum()).toBe(0);
  });

  test("pays a block of a worker that logged in with m=solo to its account alone, whatever work the others did", async () => {
    const pooled = await login(`${POOL_ADDRESS}.a`);
    const lonely = await login(`${SOLO_ADDRESS}.lonely`, "m=solo");
    for (let accepted = 0; accepted < 3; ) accepted += (await pooled.mine()).result === true ? 1 : 0;
    const hash = await mineBlock(lonely);
    await until("the block to be credited", async () => (await blockState(hash)) === "pending");
    const found = await database.query<{ reward: string; solo: boolean }>(
      "SELECT b.reward_sats::text AS reward, w.solo FROM block b JOIN worker w ON w.id = b.worker_id WHERE b.hash = $1",
      [hash],
    );
    expect(found.rows[0]?.solo).toBe(true);
    const reward = BigInt(found.rows[0]?.reward ?? 0);
    expect(await creditsOf(hash)).toEqual({
      coinbase: -reward,
      fee_pending: reward / 100n,
      [`miner_pending ${SOLO_ADDRESS}`]: reward - reward / 100n,
    });
    // What it did for itself earns it nothing of the others' blocks.
    const next = await mineBlock(pooled);
    await until("the next block to be credited", async () => (await blockState(next)) === "pending");
    expect(Object.keys(await creditsOf(next))).not.toContain(`miner_pending ${SOLO_ADDRESS}`);
    expect(await ledgerSum()).toBe(0);
    lonely.close();
    pooled.close();
  });

  test("goes by what a person changed while it runs: scheme, fee and coinbase text by the next job, difficulty for who connects", async () => {
    const a = await login(`${POOL_ADDRESS}.changed`);
    const before = await readPolicy(database);
    if (!before) throw new Error("no policy");
    const text = "/changed by hand/";
    const { policy } = before;
    const made = await createPolicyVersion(database, "regtest", {
      policy: {
        ...policy,
        scheme: "prop",
        fee_percent: { ...policy.fee_percent, prop: 7 },
        coinbase_text: text,
        difficulty: { ...policy.difficulty, initial: 2 * DIFFICULTY },
      },
      expected_version: before.version,
      person: "eve@example.org",
      reason: "a test",
    });
    await until("the pool to go by it", () => snapshots.at(-1)?.policy_version === made.version);
    // The next job comes with the next tip, or after half a minute.
    await chain.rpc("generatetoaddress", [1, POOL_ADDRESS]);
    const said = Buffer.from(text).toString("hex");
    await until("a job with the new text", async () => {
      const { job } = a;
      return job !== null && `${job.prefix}${job.suffix}`.includes(said);
    });
    const harder = await login(`${POOL_ADDRESS}.harder`);
    await until("its first job", () => harder.job);
    expect((harder.job?.difficulty ?? 0) / (2 * DIFFICULTY)).toBeCloseTo(1, 2);
    const hash = await mineBlock(a);
    await until("the block to be credited", async () => (await blockState(hash)) === "pending");
    const { rows } = await database.query<{ policy_version: number; reward: string }>(
      "SELECT policy_version, reward_sats::text AS reward FROM block WHERE hash = $1",
      [hash],
    );
    expect(rows[0]?.policy_version).toBe(made.version);
    const reward = BigInt(rows[0]?.reward ?? 0);
    expect((await creditsOf(hash)).fee_pending).toBe((reward * 7n) / 100n);
    expect(await chain.rpc<string>("getblock", [hash, false])).toContain(said);
    harder.close();
    a.close();
  });

  test("keeps its miners while the database is away, new ones too, and counts every share once when it is back", async () => {
    const known = await login(`${POOL_ADDRESS}.known`);
    let known_accepted = 0;
    for (let i = 0; i < 2; i++) known_accepted += (await known.mine()).result === true ? 1 : 0;
    await databaseLine.cut();
    await until("the database to be missed", () => snapshots.at(-1)?.database.state === "down");
    for (let i = 0; i < 5; i++) known_accepted += (await known.mine()).result === true ? 1 : 0;
    const fresh = await login(`${SECOND_ADDRESS}.fresh`);
    let fresh_accepted = 0;
    for (let i = 0; i < 5; i++) fresh_accepted += (await fresh.mine()).result === true ? 1 : 0;
    expect(fresh_accepted + known_accepted).toBeGreaterThan(8);
    await until("the lag to show", () => (snapshots.at(-1)?.accounting_lag_records ?? 0) >= 10);
    expect(snapshots.at(-1)?.hashrate_hps.m1).toBeGreaterThan(0);
    await databaseLine.open();
    await until("the shares to be counted", async () => (await acceptedOf("fresh")) === fresh_accepted);
    expect(await acceptedOf("known")).toBe(known_accepted);
    await until("no lag", () => snapshots.at(-1)?.accounting_lag_records === 0 && snapshots.at(-1)?.database.state === "ok");
    // The session from before goes on under the worker that the database now has.
    fresh_accepted += (await fresh.mine()).result === true ? 1 : 0;
    await until("the next share", async () => (await acceptedOf("fresh")) === fresh_accepted);
    expect(events.map((event) => event.kind)).toEqual(expect.arrayContaining(["database_down", "database_up"]));
    fresh.close();
    known.close();
  });

  test("submits a block that was found while the node was away", async () => {
    const a = await login(`${POOL_ADDRESS}.a`);
    await blocksSettled();
    await nodeLine.cut();
    await until("the node to be missed", () => snapshots.at(-1)?.node.state === "down");
    const found = async () => Number((await database.query("SELECT count(*) AS n FROM block")).rows[0].n);
    const before = await found();
    while ((await found()) === before) await a.mine();
    const { rows } = await database.query<{ hash: string }>("SELECT hash FROM block WHERE state = 'found'");
    const hashes = rows.map((row) => row.hash);
    const best = () => chain.rpc<string>("getbestblockhash");
    const tip = await best();
    expect(hashes).not.toContain(tip);
    await nodeLine.open();
    // Of several that were found the node takes one, which may be younger than the list above.
    const hash = await until("a block on the chain", async () => {
      const now = await best();
      return now !== tip && now;
    });
    await until("the block to be credited", async () => (await blockState(hash)) === "pending");
    expect(await ledgerSum()).toBe(0);
    expect(events.map((event) => event.kind)).toEqual(expect.arrayContaining(["node_down", "node_up"]));
  });

  test("every block has a receipt of what the accounts counted, also from a miner that came while the database was away", async () => {
    await until("the receipts", async () => {
      const { rows } = await database.query(
        "SELECT count(*) FILTER (WHERE r.block_hash IS NULL)::int AS missing FROM block b LEFT JOIN receipt r ON r.block_hash = b.hash",
      );
      return rows[0].missing === 0;
    });
    const { rows } = await database.query<{ round: string; receipt: string; complete: boolean }>(
      `SELECT (SELECT sum(work_hashes) FROM share_bucket s
                WHERE s.instance_id = b.instance_id AND s.round_id = b.round_id)::text AS round, (r.pooled_hashes + r.solo_hashes)::text AS receipt, r.complete
         FROM block b JOIN receipt r ON r.block_hash = b.hash`,
    );
    expect(rows.length).toBeGreaterThan(2);
    for (const row of rows) expect(row).toEqual({ round: row.round, receipt: row.round, complete: true });
    const late = await database.query(
      "SELECT sum(f.shares)::int AS shares FROM receipt_leaf f JOIN account a ON a.id = f.account_id WHERE a.address = $1",
      [SECOND_ADDRESS],
    );
    expect(late.rows[0].shares).toBeGreaterThan(4);
  });

  test("tells a miner what is wrong with its login, and goes on", async () => {
    const miner = await StratumMiner.connect(pool.stratum[0]?.port ?? 0);
    miners.push(miner);
    for (const [user, password, sentence] of [
      ["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.a", "x", /main network/],
      ["bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt081", "x", /checksum/],
      ["somebody", "x", /not a Bitcoin address/],
      [POOL_ADDRESS, "d=lots", /d=lots/],
    ] as const) {
      const answer = await miner.authorize(user, password);
      expect(answer.error?.[0]).toBe(24);
      expect(answer.error?.[1]).toMatch(sentence);
    }
    expect((await miner.authorize(`${POOL_ADDRESS}.a`)).result).toBe(true);
    await until("a share", async () => (await miner.mine()).result === true);
  });

  test("lets no malformed, over-long or flooding neighbour disturb a miner", async () => {
    const a = await login(`${POOL_ADDRESS}.neighbour`);
    const bad = await Promise.all(Array.from({ length: 5 }, () => StratumMiner.connect(pool.stratum[0]?.port ?? 0)));
    miners.push(...bad);
    bad[0]?.raw('{not json}\n[]\n"x"\n{}\n');
    bad[1]?.raw("x".repeat(100_000));
    bad[2]?.raw(Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 7919) & 0xff)));
    bad[3]?.raw('{"id":1,"method":"mining.ping","params":[]}\n'.repeat(5_000));
    let accepted = 0;
    for (let i = 0; i < 5; i++) accepted += (await a.mine()).result === true ? 1 : 0;
    expect(accepted).toBeGreaterThan(0);
    await until("the over-long line to be cut off", () => bad[1]?.closed);
    await until("the flood to be cut off", () => bad[3]?.closed);
    expect(a.closed).toBe(false);
    await until("the shares", async () => (await acceptedOf("neighbour")) === accepted);
  });

  test("shows itself to the control plane, to Prometheus and to a health check", async () => {
    const hello = PoolHello.parse(hellos[0]);
    expect(hello).toMatchObject({ protocol: 1, instance_id: "pool-a", version: "1.2.3" });
    // The node was away a moment ago: the pool finds that it is back at its next try.
    const fit = (s: PoolSnapshot | undefined) => s?.node.state === "ok" && s.database.state === "ok" && s;
    const latest = await until("a snapshot with node and database there", () => fit(snapshots.at(-1)));
    await until("the shares to be applied", () => snapshots.at(-1)?.accounting_lag_records === 0);
    expect(latest.job?.reward_sats).toBeGreaterThan(0);
    expect(latest.shares.accepted).toBeGreaterThan(10);
    expect(latest.workers_online).toBeGreaterThan(0);

    const base = `http://127.0.0.1:${pool.metrics_port}`;
    const text = await (await fetch(`${base}/metrics`)).text();
    for (const line of [
      /^otedama_hash_rate [1-9]/m,
      /^otedama_blocks_found_total [1-9]/m,
      /^otedama_peers_connected \d/m,
      /^otedama_cpu_usage_percent \d/m,
      /^otedama_shares_total\{result="accepted"\} [1-9]/m,
      /^otedama_shares_total\{result="stale"\} \d/m,
      /^otedama_share_answer_seconds_bucket\{le="0.001"\} \d/m,
      /^otedama_share_answer_seconds_count [1-9]/m,
      /^otedama_template_to_last_notify_seconds_count [1-9]/m,
      /^otedama_database_up 1$/m,
    ]) {
      expect(text).toMatch(line);
    }
    const watched = await until("the payouts' figures", async () => {
      const said = await (await fetch(`${base}/metrics`)).text();
      return said.includes("otedama_payout_due_sats ") && said;
    });
    for (const state of ["planned", "broadcast", "settled"])
      expect(watched).toContain(`otedama_payout_batches{state="${state}"} 0`);
    expect(watched).toContain('otedama_payout_failures_total{by="signer"} 0');
    // What the rules that come with it ask for is there to be asked for.
    const rules = readFileSync(join(import.meta.dirname, "../../../deploy/prometheus/otedama.rules.yml"), "utf8");
    const asked = new Set(rules.match(/otedama_[a-z0-9_]+/g));
    expect(asked.size).toBeGreaterThan(8);
    for (const name of asked) expect(watched, name).toMatch(new RegExp(`^# TYPE ${name.replace(/_bucket$/, "")} `, "m"));
    const health = await until("every share to be applied", async () => {
      const answer = await fetch(`${base}/health`);
      expect(answer.status).toBe(200);
      const body = (await answer.json()) as { status: string; accounting_lag_records: number };
      return body.accounting_lag_records === 0 && body;
    });
    expect(health.status).toBe("ok");
    expect((await fetch(`${base}/other`)).status).toBe(404);
    const rate = await database.query("SELECT sum(hashrate_m15_hps) AS hps, sum(connections)::int AS n FROM worker_state");
    expect(Number(rate.rows[0].hps)).toBeGreaterThan(0);
  });
});
