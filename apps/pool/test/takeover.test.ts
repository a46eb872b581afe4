/** Restart without a disconnect: one pool process after another serves the same miners, on real sockets, with nothing lost and nothing twice. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { type Database, openDatabase } from "@otedama/db/pool";
import type { PoolSettings } from "@otedama/shared";
import { type RunningChain, startChain } from "@otedama/simulator/chain";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { MessageLine } from "../src/takeover/message_line.ts";
import { TAKEOVER_PROTOCOL, takeoverPaths } from "../src/takeover/messages.ts";
import { POOL_MAIN, type PoolProcess, ready } from "./support/pool_process.ts";
import { POOL_ADDRESS, poolSettings } from "./support/pool_settings.ts";
import { type Share, StratumMiner } from "./support/stratum_miner.ts";
import { until } from "./support/until.ts";

/** A block is a moment's work for the test's miner, and some forty shares. */
const BLOCK_HASHES = 90_000;
const DIFFICULTY = BLOCK_HASHES / 2 ** 32 / 40;

let chain: RunningChain;
let postgres: TestPostgres;
let database: Database;
let settings: PoolSettings;
const root = mkdtempSync(join(tmpdir(), "otedama-takeover-"));
beforeAll(async () => {
  [chain, postgres] = await Promise.all([
    // A short interval brings many transactions.
    startChain({ hashrate_hps: BLOCK_HASHES, block_interval_s: 1, transactions: true }),
    startTestPostgres(),
  ]);
  settings = poolSettings({
    data_dir: join(root, "data"),
    node_url: chain.url,
    rpc_user: chain.user,
    rpc_password: chain.password,
    database_url: await postgres.createMigratedDatabase(),
    difficulty: DIFFICULTY,
  });
  database = openDatabase({ url: settings.database_url, application_name: "test" });
});
afterAll(async () => {
  await database?.end();
  await Promise.all([chain?.stop(), postgres?.stop()]);
  rmSync(root, { recursive: true, force: true });
});

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function write(change: object = {}): string {
  const path = join(root, `settings.${ends.length}.json`);
  writeFileSync(path, JSON.stringify({ ...settings, ...change }), { mode: 0o600 });
  return path;
}

function launch(words: string[], shell = ""): ChildProcess {
  const command = [process.execPath, POOL_MAIN, "--settings", write(), ...words];
  const child = shell
    ? spawn("sh", ["-c", `${shell}; exec "$@"`, "sh", ...command], { stdio: ["ignore", "pipe", "pipe"] })
    : spawn(process.execPath, command.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
  ends.push(() => child.kill("SIGKILL"));
  return child;
}

const startPool = () => ready(launch([]));

/** Starts the next process and sees the one before it go. */
async function takeOver(older: PoolProcess): Promise<PoolProcess> {
  const newer = await ready(launch(["--takeover"]));
  expect(newer.took_over?.pid).toBe(older.child.pid);
  expect(newer.port).toBe(older.port);
  expect(await older.exited).toBe(0);
  return newer;
}

async function login(port: number, name: string): Promise<StratumMiner> {
  const miner = await StratumMiner.connect(port);
  ends.push(() => miner.close());
  expect(await miner.authorize(`${POOL_ADDRESS}.${name}`)).toMatchObject({ result: true });
  return miner;
}

const find = (miner: StratumMiner, difficulty?: number, below?: number): Promise<Share> =>
  until("a share", () => miner.find(difficulty, below));

/** A share that is no block: it leaves the job as it is. */
async function findShare(miner: StratumMiner): Promise<Share> {
  const { network_difficulty } = await until("a job", () => miner.job);
  return find(miner, undefined, network_difficulty);
}

async function stop(pool: PoolProcess): Promise<void> {
  pool.child.kill("SIGTERM");
  expect(await pool.exited).toBe(0);
}

const acceptedOf = async (name: string) => {
  const { rows } = await database.query(
    "SELECT coalesce(sum(s.accepted), 0)::int AS n FROM worker w JOIN worker_state s ON s.worker_id = w.id WHERE w.name = $1",
    [name],
  );
  return rows[0].n as number;
};

test("a share and a block of the older process's job count in the newer one, a share that was counted does not again", async () => {
  await until("transactions", async () => (await chain.rpc<string[]>("getrawmempool")).length > 0);
  const first = await startPool();
  const miner = await login(first.port, "finder");
  const before = await findShare(miner);
  expect((await miner.submit(before)).result).toBe(true);
  const after = await findShare(miner);
  const { job } = after;
  expect(job.branches.length).toBeGreaterThan(0);
  const block = await find(miner, job.network_difficulty * 1.001);
  expect(block.job.prev_hash).toEqual(job.prev_hash);
  const clean_jobs = miner.clean_jobs;

  const second = await takeOver(first);
  expect(second.took_over?.connections).toBe(1);
  expect((await miner.submit(before)).error?.[0]).toBe(22);
  expect((await miner.submit(after)).result).toBe(true);
  expect(miner.clean_jobs).toBe(clean_jobs);
  expect((await miner.submit(block)).result).toBe(true);
  await until("the block in the chain", async () => (await chain.rpc("getbestblockhash")) === block.hash);
  const stored = () => database.query("SELECT transactions FROM block WHERE hash = $1", [block.hash]);
  const row = await until("the block in the database", async () => (await stored()).rows[0] ?? null);
  expect(row.transactions).toBeGreaterThan(1);
  await until("the next job", () => miner.clean_jobs > clean_jobs);
  expect((await miner.submit(before)).error?.[0]).toBe(21);
  await until("three shares", async () => (await acceptedOf("finder")) === 3);
  await stop(second);
});

/** Miners that mine until they are told to stop, and count what they were told. */
function miningCrowd() {
  const acknowledged = new Map<string, number>();
  const miners: StratumMiner[] = [];
  const work: Promise<void>[] = [];
  let mining = true;
  const total = () => [...acknowledged.values()].reduce((sum, count) => sum + count, 0);
  return {
    miners,
    async join(pool: PoolProcess, name: string): Promise<void> {
      const miner = await login(pool.port, name);
      miners.push(miner);
      work.push(
        (async () => {
          while (mining) {
            const { result, error } = await miner.mine();
            if (result === true) acknowledged.set(name, (acknowledged.get(name) ?? 0) + 1);
            // A block has come in between, and nothing else.
            else expect(error?.[0]).toBe(21);
          }
        })(),
      );
    },
    async moreShares(): Promise<void> {
      const now = total();
      await until("more shares", () => total() > now + 10);
    },
    /** Every share that was acknowledged is in the database, once. */
    async settle(pool: PoolProcess): Promise<void> {
      mining = false;
      await Promise.all(work);
      expect(miners.filter((miner) => miner.closed)).toEqual([]);
      expect(new Set(miners.map((miner) => miner.extranonce1)).size).toBe(miners.length);
      for (const [name, count] of acknowledged) await until(`${name}'s shares`, async () => (await acceptedOf(name)) >= count);
      await until("the log's end", async () => {
        const text = await (await fetch(`http://127.0.0.1:${pool.metrics_port}/metrics`)).text();
        return /^otedama_accounting_lag_records 0$/m.test(text);
      });
      for (const [name, count] of acknowledged) expect([name, await acceptedOf(name)]).toEqual([name, count]);
      const { rows } = await database.query(
        "SELECT sum(b.accepted)::int AS n FROM share_bucket b JOIN worker w ON w.id = b.worker_id WHERE w.name = ANY($1)",
        [[...acknowledged.keys()]],
      );
      expect(rows[0].n).toBe(total());
    },
  };
}

test("under load, and twice in a row, no connection drops and every acknowledged share is counted once", async () => {
  let pool = await startPool();
  const crowd = miningCrowd();
  for (const name of ["a", "b", "c", "d"]) await crowd.join(pool, name);
  await crowd.moreShares();
  for (const name of ["e", "f"]) {
    const connections = crowd.miners.length;
    pool = await takeOver(pool);
    expect(pool.took_over?.connections).toBe(connections);
    await crowd.moreShares();
    // The listening socket came along as well.
    await crowd.join(pool, name);
    await crowd.moreShares();
  }
  await crowd.settle(pool);
  await stop(pool);
});

test("a newer process that is killed on its way is as if it had never been", async () => {
  const library = join(root, "die_at.so");
  const compiler = process.env.CXX || "c++";
  execFileSync(compiler, [
    "-std=c++20",
    "-shared",
    "-fPIC",
    join(import.meta.dirname, "support/die_at.cc"),
    "-o",
    library,
    "-ldl",
  ]);
  const older = await startPool();
  const crowd = miningCrowd();
  await crowd.join(older, "k");
  const idle = await Promise.all(Array.from({ length: 19 }, (_, index) => login(older.port, `idle${index}`)));
  await crowd.moreShares();
  // The listener's descriptor comes first, then those of the twenty miners.
  for (const point of ["hello", "engine", "descriptor 12", "lock", "answer"]) {
    const killed = launch(["--takeover"], `export LD_PRELOAD='${library}' DIE_AT='${point}'`);
    expect([point, ...(await once(killed, "exit"))]).toEqual([point, null, "SIGKILL"]);
    await crowd.moreShares();
  }
  const newer = await takeOver(older);
  expect(newer.took_over?.connections).toBe(20);
  await crowd.moreShares();
  expect(idle.filter((miner) => miner.closed)).toEqual([]);
  await crowd.settle(newer);
  await stop(newer);
}, 180_000);

/** A newer process that was killed as soon as it knew everything. */
async function greet(hello: object): Promise<{ line: MessageLine; answer: unknown }> {
  const socket = connect(takeoverPaths(settings.data_dir).door);
  ends.push(() => socket.destroy());
  const line = new MessageLine({ line_bytes_max: 1 << 24, total_bytes_max: 1 << 28 }, { socket });
  await line.send({ kind: "hello", protocol: TAKEOVER_PROTOCOL, version: "9.9.9", ...hello }, 10_000);
  return { line, answer: await line.receive(10_000) };
}

test("whatever a newer process gets wrong, the older one goes on, and the next one takes over", async () => {
  const older = await startPool();
  const { door, engine } = takeoverPaths(settings.data_dir);
  await until("the engine's offer", () => existsSync(engine));
  for (const path of [door, engine]) expect(statSync(path).mode & 0o777).toBe(0o600);
  // More than a process may have that is given few descriptors.
  const miners = await Promise.all(Array.from({ length: 60 }, (_, index) => login(older.port, `m${index}`)));
  const [miner] = miners as [StratumMiner];
  const serves = async () => {
    expect(miners.filter((one) => one.closed)).toEqual([]);
    for (;;) {
      const { result, error } = await miner.mine();
      if (result === true) return;
      expect(error?.[0]).toBe(21);
    }
  };
  const identity = { instance_id: settings.instance_id, network: settings.network };

  const other = await greet({ ...identity, protocol: 99 });
  expect(other.answer).toMatchObject({ kind: "refused", message: expect.stringContaining("version 9.9.9 speaks protocol 99") });
  const renamed = spawnSync(process.execPath, [POOL_MAIN, "--settings", write({ instance_id: "pool-z" }), "--takeover"], {
    encoding: "utf8",
  });
  expect([renamed.status, renamed.stderr]).toEqual([
    2,
    "The pool that runs was not taken over: the new process has instance_id pool-z and this one has pool-a. Only a restart can change that.\n",
  ]);
  await serves();

  // Killed when it knew every job: while it lived the older one made no more, and now goes on with the newest.
  const dying = await greet(identity);
  expect(dying.answer).toMatchObject({ kind: "welcome", pid: older.child.pid });
  const waiting = await greet(identity);
  expect(waiting.answer).toMatchObject({ kind: "refused", message: "another takeover is under way" });
  expect(await kindsUntil(dying.line, "jobs_sent")).toContain("job");
  await dying.line.send({ kind: "go" }, 10_000);
  await kindsUntil(dying.line, "held");
  const clean_jobs = miner.clean_jobs;
  await chain.rpc("generatetoaddress", [1, POOL_ADDRESS]);
  dying.line.close();
  await until("the job of the new block", () => miner.clean_jobs > clean_jobs);
  await serves();

  // Fails in the middle of the connections.
  const poor = launch(["--takeover"], "ulimit -n 64");
  let said = "";
  poor.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  expect(await new Promise((resolve) => poor.once("close", resolve))).toBe(2);
  expect(said).toMatch(/The pool that runs was not taken over: .*descriptor/);
  await serves();

  const newer = await takeOver(older);
  expect(newer.took_over?.connections).toBe(60);
  await serves();
  await stop(newer);
});

async function kindsUntil(line: MessageLine, last: string): Promise<string[]> {
  const kinds: string[] = [];
  while (kinds.at(-1) !== last) kinds.push(((await line.receive(10_000)) as { kind: string }).kind);
  return kinds;
}

test("with no pool to take over from it is an ordinary start, also where one was killed", async () => {
  const first = await ready(launch(["--takeover"]));
  expect(first.took_over).toBeNull();
  first.child.kill("SIGKILL");
  await first.exited;
  expect(existsSync(takeoverPaths(settings.data_dir).door)).toBe(true);
  const second = await ready(launch(["--takeover"]));
  expect(second.took_over).toBeNull();
  await login(second.port, "late");
  await stop(second);
  expect(existsSync(takeoverPaths(settings.data_dir).door)).toBe(false);
});
