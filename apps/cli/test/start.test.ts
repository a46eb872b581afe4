// The whole stack, as `npm start` runs it: real PostgreSQL, chain, pool, dashboard and agent, in a folder of their own.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@otedama/db/embedded";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { identify, type ProcessIdentity, stillRuns } from "../src/supervise/process_identity.ts";

const MAIN = join(import.meta.dirname, "../src/main.ts");

interface Started {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
}

const root = mkdtempSync(join(tmpdir(), "otedama start-"));
const home = join(root, "a home");
let environment: Record<string, string>;
const running: Started[] = [];

beforeAll(async () => {
  const [web, stratum, metrics] = await Promise.all([freePort(), freePort(), freePort()]);
  environment = {
    OTEDAMA_HOME: home,
    OTEDAMA_API_PORT: String(web),
    OTEDAMA_STRATUM_PORT: String(stratum),
    OTEDAMA_MONITORING_PORT: String(metrics),
    OTEDAMA_MINING_THREADS: "1",
  };
});
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    if (child.exitCode === null) child.kill("SIGTERM");
    await ended;
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function start(more: Record<string, string> = {}, words: string[] = ["start"]): Started {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...words], {
    cwd: root,
    env: { ...process.env, NODE_ENV: "production", ...environment, ...more },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const started = { child, output: () => output, ended: new Promise<number | null>((done) => child.once("close", done)) };
  running.push(started);
  return started;
}

async function startAndWait(): Promise<Started> {
  const started = start();
  await Promise.race([
    expect.poll(started.output, { timeout: 100_000, interval: 100 }).toContain("Ctrl-C stops everything"),
    started.ended.then(() => Promise.reject(new Error(started.output()))),
  ]);
  return started;
}

/** Every process that the stack runs now, the database among them. */
function processes(): ProcessIdentity[] {
  const files = readdirSync(join(home, "run")).filter((name) => name.endsWith(".pid"));
  const apps = files.map((name) => (JSON.parse(readFileSync(join(home, "run", name), "utf8")) as ProcessIdentity).pid);
  const postgres = Number(readFileSync(join(home, "postgres/data/postmaster.pid"), "utf8").split("\n")[0]);
  return [...apps, postgres].flatMap((pid) => identify(pid) ?? []);
}

describe("otedama start", () => {
  test("runs every part, prints the way in, and leaves nothing behind when it is stopped", async () => {
    const { child, output, ended } = await startAndWait();
    expect(output()).toMatch(/Set-up link {2}http:\/\/127\.0\.0\.1:\d+\/setup#[\w-]{43}\n/);
    for (const part of ["database", "chain", "signer", "pool", "web", "agent"])
      expect(output()).toMatch(new RegExp(`^ {2}${part} .* \\d+\\.\\d s$`, "m"));
    const health = await fetch(`http://127.0.0.1:${environment.OTEDAMA_API_PORT}/health`);
    expect(health.status).toBe(200);
    // This machine's own agent came in by itself.
    await expect.poll(() => existsSync(join(home, "agent/enrolment.json"))).toBe(true);
    const all = processes();
    expect(all).toHaveLength(7);
    child.kill("SIGINT");
    expect(await ended).toBe(0);
    expect(all.filter(stillRuns)).toEqual([]);
    expect(existsSync(join(home, "run/supervisor.pid"))).toBe(false);
  });

  test("repairs itself after kill -9 of everything at once, and keeps the secrets it made", async () => {
    const secrets = () => readdirSync(join(home, "secrets")).map((name) => readFileSync(join(home, "secrets", name), "utf8"));
    const first = await startAndWait();
    const before = secrets();
    for (const { pid } of processes()) process.kill(pid, "SIGKILL");
    await first.ended;
    const second = await startAndWait();
    expect(secrets()).toEqual(before);
    second.child.kill("SIGTERM");
    expect(await second.ended).toBe(0);
  });

  test("leaves no app when its supervisor alone is killed; the database is taken over", async () => {
    const first = await startAndWait();
    const apps = processes().filter(({ pid }) => pid !== first.child.pid);
    first.child.kill("SIGKILL");
    await first.ended;
    const postgres = apps.at(-1) as ProcessIdentity;
    await expect.poll(() => apps.filter(stillRuns), { timeout: 10_000 }).toEqual([postgres]);
    const second = await startAndWait();
    expect(second.output()).toContain(", found running");
    second.child.kill("SIGTERM");
    await second.ended;
    expect(stillRuns(postgres)).toBe(false);
  });

  test("refuses a second start from the same folder, and replaces its pool without a disconnect when asked", async () => {
    const first = await startAndWait();
    const second = start();
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`Otedama already runs from ${home} (process ${first.child.pid})`);

    const miner = connect(Number(environment.OTEDAMA_STRATUM_PORT), "127.0.0.1");
    let heard = "";
    miner.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
    });
    const ask = async (id: number, method: string) => {
      miner.write(`${JSON.stringify({ id, method, params: [] })}\n`);
      await expect.poll(() => heard).toContain(`"id":${id},`);
    };
    await ask(1, "mining.subscribe");
    const poolProcess = () => (JSON.parse(readFileSync(join(home, "run/pool.pid"), "utf8")) as ProcessIdentity).pid;
    const older = poolProcess();
    const takeover = start({}, ["pool", "-takeover"]);
    expect([await takeover.ended, takeover.output()]).toEqual([
      0,
      expect.stringMatching(new RegExp(`^Process \\d+ took the pool over from process ${older}, with [12] connections\n$`)),
    ]);
    expect(poolProcess()).not.toBe(older);
    expect(identify(older)).toBeNull();
    expect(first.output()).toContain(`took the pool over from process ${older}`);
    expect(first.output()).not.toContain("Starting it again");
    await ask(2, "mining.ping");
    miner.destroy();
    const all = processes();
    first.child.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    expect(all.filter(stillRuns)).toEqual([]);
  });

  test("names the port that is taken, who has it, and the setting to change", async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
    const { port } = other.address() as { port: number };
    const refused = start({ OTEDAMA_STRATUM_PORT: String(port) });
    expect(await refused.ended).toBe(1);
    expect(refused.output()).toContain(`Port ${port} of the Stratum server is in use by process ${process.pid}`);
    expect(refused.output()).toContain("set stratum.port in config.yaml (or OTEDAMA_STRATUM_PORT) to another one");
    other.close();
  });

  test("names a database that cannot be reached, without its password", async () => {
    const refused = start({ DATABASE_URL: `postgresql://user:hunter2@127.0.0.1:${await freePort()}/none` });
    expect(await refused.ended).toBe(1);
    expect(refused.output()).toMatch(
      /The database at 127\.0\.0\.1:\d+\/none cannot be used \(nothing listens there\): check database\.url/,
    );
    expect(refused.output()).not.toContain("hunter2");
  });

  test("names a wrong setting with its line", async () => {
    writeFileSync(join(root, "wrong.yaml"), "stratum:\n  min_dif: 3\n");
    const refused = start({}, ["start", "-config", join(root, "wrong.yaml")]);
    expect(await refused.ended).toBe(2);
    expect(refused.output()).toBe(
      `${join(root, "wrong.yaml")} line 2: there is no setting stratum.min_dif, did you mean stratum.min_diff?\n`,
    );
  });
});
