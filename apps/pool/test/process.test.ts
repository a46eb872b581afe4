/** The pool as a process of its own: how it starts, ends, and what is left after it was killed. */
import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { openDatabase } from "@otedama/db/pool";
import type { PoolSettings } from "@otedama/shared";
import { type RunningChain, startChain } from "@otedama/simulator/chain";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Interrupter } from "./support/interrupter.ts";
import { POOL_MAIN, type PoolProcess, ready } from "./support/pool_process.ts";
import { POOL_ADDRESS, poolSettings } from "./support/pool_settings.ts";
import { StratumMiner } from "./support/stratum_miner.ts";
import { until } from "./support/until.ts";

const TLS_FIXTURES = join(import.meta.dirname, "fixtures/tls");
const DIFFICULTY = 1e-6;

let chain: RunningChain;
let postgres: TestPostgres;
let settings: PoolSettings;
let file: string;
const root = mkdtempSync(join(tmpdir(), "otedama-process-"));
beforeAll(async () => {
  // Blocks are far off: what is counted here is shares.
  [chain, postgres] = await Promise.all([startChain({ hashrate_hps: 1e9 }), startTestPostgres()]);
  settings = poolSettings({
    data_dir: join(root, "data"),
    node_url: chain.url,
    rpc_user: chain.user,
    rpc_password: chain.password,
    database_url: await postgres.createMigratedDatabase(),
    difficulty: DIFFICULTY,
  });
  file = write("settings.json", settings);
});
afterAll(async () => {
  await Promise.all([chain?.stop(), postgres?.stop()]);
  rmSync(root, { recursive: true, force: true });
});

function write(name: string, value: unknown): string {
  const path = join(root, name);
  writeFileSync(path, JSON.stringify(value), { mode: 0o600 });
  return path;
}

/** A test that fails must leave nothing behind that keeps the run from ending. */
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function connectMiner(port: number, tls?: { ca: Buffer; servername: string }): Promise<StratumMiner> {
  const miner = await StratumMiner.connect(port, tls);
  ends.push(() => miner.close());
  return miner;
}

async function start(child: ChildProcess): Promise<PoolProcess> {
  ends.push(() => child.kill("SIGKILL"));
  return ready(child);
}

const spawnPool = (path = file) =>
  start(spawn(process.execPath, [POOL_MAIN, "--settings", path], { stdio: ["ignore", "pipe", "inherit"] }));

describe("a pool's process", () => {
  test.each([
    ["nothing", [], /Usage/],
    ["no file", ["--settings", "/nowhere/settings.json"], /cannot be read/],
  ])("given %s says so and exits with 2", (_name, args, sentence) => {
    const { status, stderr } = spawnSync(process.execPath, [POOL_MAIN, ...args], { encoding: "utf8" });
    expect(stderr).toMatch(sentence);
    expect(status).toBe(2);
  });

  test("names a wrong setting, an unusable payout address and a port in use, in one sentence each", async () => {
    const run = (change: object) =>
      spawnSync(
        process.execPath,
        [POOL_MAIN, "--settings", write("wrong.json", { ...settings, data_dir: join(root, "other"), ...change })],
        {
          encoding: "utf8",
        },
      );
    const wrong = run({ extranonce_prefix: 70_000 });
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringMatching(/extranonce_prefix/)]);
    const address = run({ pool: { ...settings.pool, payout_address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4" } });
    expect([address.status, address.stderr]).toEqual([2, expect.stringMatching(/main network/)]);
    const running = await spawnPool();
    const taken = run({ stratum: { ...settings.stratum, listen: [{ host: "127.0.0.1", port: running.port }] } });
    expect([taken.status, taken.stderr]).toEqual([2, expect.stringContaining(String(running.port))]);
    // Two pools on one folder would write one log.
    const second = run({ data_dir: settings.data_dir });
    expect(second.status).toBe(2);
    expect(second.stderr.trim().split("\n").length).toBe(1);
    running.child.kill("SIGTERM");
    expect(await running.exited).toBe(0);
  });

  test("serves TLS and plain miners on one port, and takes a new certificate on SIGHUP", async () => {
    const own = { cert_file: join(root, "cert.pem"), key_file: join(root, "key.pem") };
    const stratum = { ...settings.stratum, tls: own };
    const change = { data_dir: join(root, "tls"), instance_id: "pool-tls", stratum };
    const path = write("tls.json", { ...settings, ...change });
    const refused = spawnSync(process.execPath, [POOL_MAIN, "--settings", path], { encoding: "utf8" });
    expect([refused.status, refused.stderr.trim().split("\n").length]).toEqual([2, 1]);
    expect(refused.stderr).toContain(`stratum.tls.cert_file ${own.cert_file} cannot be read`);

    const use = (name: string) => {
      copyFileSync(join(TLS_FIXTURES, `test-only-${name}.cert.pem`), own.cert_file);
      copyFileSync(join(TLS_FIXTURES, `test-only-${name}.key.pem`), own.key_file);
      return { ca: readFileSync(own.cert_file), servername: `${name}.test.invalid` };
    };
    const first = use("first");
    const running = await spawnPool(path);
    const secret = await connectMiner(running.port, first);
    const plain = await connectMiner(running.port);
    for (const [miner, name] of [
      [secret, "secret"],
      [plain, "plain"],
    ] as const) {
      expect(await miner.authorize(`${POOL_ADDRESS}.${name}`)).toMatchObject({ result: true });
      expect((await miner.mine()).result).toBe(true);
    }
    const database = openDatabase({ url: settings.database_url, application_name: "test" });
    ends.push(() => database.end());
    const shares = `SELECT w.name, s.accepted::int AS n FROM worker w JOIN worker_state s ON s.worker_id = w.id
      WHERE w.name IN ('secret', 'plain') AND s.accepted = 1`;
    await until("both shares to be counted", async () => (await database.query(shares)).rows.length === 2);
    const metrics = await (await fetch(`http://127.0.0.1:${running.metrics_port}/metrics`)).text();
    expect(metrics).toMatch(/^otedama_tls_connections 1$/m);
    expect(metrics).toMatch(/^otedama_tls_handshakes_total\{result="completed"\} 1$/m);

    const second = use("second");
    running.child.kill("SIGHUP");
    const renewed = await until("the new certificate", () => connectMiner(running.port, second).catch(() => null));
    expect(await renewed.authorize(`${POOL_ADDRESS}.renewed`)).toMatchObject({ result: true });
    expect((await secret.mine()).result).toBe(true);
    running.child.kill("SIGTERM");
    expect(await running.exited).toBe(0);
  });

  test("ends when its parent is gone", async () => {
    const running = await start(fork(POOL_MAIN, ["--settings", file], { stdio: ["ignore", "pipe", "inherit", "ipc"] }));
    running.child.disconnect();
    expect(await running.exited).toBe(0);
  });

  test("starts without its database and its node, lets miners in, says what is missing, and begins when they come", async () => {
    const behind = (url: string) => new Interrupter({ host: "127.0.0.1", port: Number(new URL(url).port) });
    const lines = { node: behind(chain.url), database: behind(settings.database_url) };
    // The ports are taken and let go: nothing answers there until the lines open again.
    for (const line of Object.values(lines)) {
      await line.open();
      await line.cut();
      ends.push(() => line.cut());
    }
    const database_url = new URL(settings.database_url);
    database_url.port = String(lines.database.port);
    const nodes = settings.nodes.map((node) => ({ ...node, url: `http://127.0.0.1:${lines.node.port}` }));
    const alone = { ...settings, data_dir: join(root, "alone"), instance_id: "pool-b", nodes, database_url: database_url.href };
    const running = await spawnPool(write("alone.json", alone));
    const miner = await connectMiner(running.port);
    expect(await miner.authorize(`${POOL_ADDRESS}.early`)).toMatchObject({ result: true });
    const healthy = async (status: string) => {
      const health = (await (await fetch(`http://127.0.0.1:${running.metrics_port}/health`)).json()) as { status: string };
      return health.status === status && health;
    };
    const down = await until("down", () => healthy("down"));
    expect(down).toMatchObject({ node: { state: "down" }, database: { state: "down" } });
    await lines.node.open();
    expect((await miner.mine()).result).toBe(true);
    const degraded = await until("degraded", () => healthy("degraded"));
    expect(degraded).toMatchObject({ node: { state: "ok" }, database: { state: "down" } });
    await lines.database.open();
    const database = openDatabase({ url: settings.database_url, application_name: "test" });
    ends.push(() => database.end());
    const early = "SELECT s.accepted::int AS n FROM worker w JOIN worker_state s ON s.worker_id = w.id WHERE w.name = 'early'";
    await until("the share to be counted", async () => (await database.query(early)).rows[0]?.n === 1);
    await until("health", () => healthy("ok"));
    miner.close();
    running.child.kill("SIGTERM");
    expect(await running.exited).toBe(0);
  });

  test("killed at any moment, it has counted every share that it acknowledged, and none twice", {
    timeout: 300_000,
  }, async () => {
    let acknowledged = 0;
    let submitted = 0;
    for (let round = 0; round < 6; round++) {
      const running = await spawnPool();
      const miners = await Promise.all(Array.from({ length: 3 }, () => connectMiner(running.port)));
      let alive = true;
      const mining = miners.map(async (miner, index) => {
        await miner.authorize(`${POOL_ADDRESS}.m${index}`);
        while (alive && !miner.closed) {
          const answer = await miner.mine();
          submitted += 1;
          if (answer.result === true) acknowledged += 1;
        }
      });
      await new Promise((resolve) => setTimeout(resolve, 150 + 137 * round));
      running.child.kill("SIGKILL");
      await running.exited;
      alive = false;
      for (const miner of miners) miner.close();
      await Promise.all(mining);
    }
    expect(acknowledged).toBeGreaterThan(20);
    const last = await spawnPool();
    const database = openDatabase({ url: settings.database_url, application_name: "test" });
    ends.push(() => database.end());
    const counted = async () =>
      Number((await database.query("SELECT coalesce(sum(accepted), 0) AS n FROM share_bucket")).rows[0].n);
    await until("the shares to be counted", async () => (await counted()) >= acknowledged);
    // Time for what should not come.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await counted()).toBeLessThanOrEqual(submitted);
    const state = await database.query("SELECT sum(accepted)::int AS n, max(connections) AS c FROM worker_state");
    expect(state.rows[0].n).toBe(await counted());
    last.child.kill("SIGTERM");
    expect(await last.exited).toBe(0);
  });
});
