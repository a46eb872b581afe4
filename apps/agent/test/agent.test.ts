import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestPool } from "./stratum_server.ts";

const MAIN = join(import.meta.dirname, "../src/main.ts");

let folder: string;
let upstream: TestPool;
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "otedama-agent-"));
  upstream = await new TestPool().listen();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

class AgentProcess {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";

  constructor(settings: object, ipc = false) {
    const path = join(folder, `settings-${Math.random()}.json`);
    writeFileSync(path, JSON.stringify(settings), { mode: 0o600 });
    this.child = spawn(process.execPath, [MAIN, "--settings", path], {
      stdio: ["ignore", "pipe", "pipe", ...(ipc ? ["ipc" as const] : [])],
    });
    this.child.stdout?.on("data", (chunk) => (this.stdout += chunk));
    this.child.stderr?.on("data", (chunk) => (this.stderr += chunk));
    cleanups.push(() => this.child.kill("SIGKILL"));
  }

  get lines(): string[] {
    return this.stdout.split("\n").filter(Boolean);
  }

  async exit(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
    return this.child.exitCode;
  }
}

const settings = (more: object = {}) => ({
  data_dir: join(folder, "data"),
  log_level: "info",
  name: "rig-1",
  hub: null,
  pools: [{ url: upstream.url, user: "wallet.rig", password: "x" }],
  threads: 1,
  nice: 5,
  ...more,
});

const until = (condition: () => boolean, what: string) => upstream.until(condition, what, 20_000);

describe("an agent under a supervisor", () => {
  test("says when it is ready, mines, and stops cleanly on SIGTERM", async () => {
    const agent = new AgentProcess(settings());
    await until(() => upstream.shares.length > 0, "a share");
    const ready = JSON.parse(agent.lines[0] ?? "");
    expect(ready).toMatchObject({ ready: true, app: "agent", threads: 1 });
    expect(ready.kernel).toMatch(/^sha256d\//);
    expect(ready.agent_id).toBe(readFileSync(join(folder, "data", "agent_id"), "utf8").trim());
    expect(statSync(join(folder, "data", "agent_id")).mode & 0o777).toBe(0o600);
    agent.child.kill("SIGTERM");
    expect(await agent.exit()).toBe(0);
  });

  test("keeps its id from start to start", async () => {
    const ids = [];
    for (let start = 0; start < 2; start++) {
      const agent = new AgentProcess(settings());
      await until(() => agent.lines.length > 0, "the ready line");
      ids.push(JSON.parse(agent.lines[0] ?? "").agent_id);
      agent.child.kill("SIGINT");
      expect(await agent.exit()).toBe(0);
    }
    expect(ids[0]).toBe(ids[1]);
  });

  test("goes when its parent goes", async () => {
    const agent = new AgentProcess(settings(), true);
    await until(() => agent.lines.length > 0, "the ready line");
    agent.child.disconnect();
    expect(await agent.exit()).toBe(0);
  });

  test.each([
    ["a wrong field", { pools: [{ url: "http://pool", user: "u" }] }, "pools.0.url: must look like stratum+tcp://HOST:PORT"],
    ["a field that does not exist", { thread: 3 }, 'Unrecognized key: "thread"'],
    ["a data folder that cannot be made", { data_dir: "/dev/null/data" }, "data_dir /dev/null/data"],
  ])("refuses %s with one sentence and exit code 2", async (_name, more, sentence) => {
    const agent = new AgentProcess(settings(more));
    expect(await agent.exit()).toBe(2);
    expect(agent.stderr.trim().split("\n")).toHaveLength(1);
    expect(agent.stderr).toContain(sentence);
  });
});

describe("an agent at a terminal", () => {
  test("prints what a miner expects to read, and no log between", async () => {
    const agent = new AgentProcess(settings({ status_line: true }));
    upstream.judge = () => (upstream.shares.length === 1 ? [21, "Job not found\u001b[2J", null] : null);
    await until(() => agent.stdout.includes("accepted #1") && agent.stdout.includes("rejected as stale"), "share lines");
    agent.child.kill("SIGINT");
    expect(await agent.exit()).toBe(0);
    expect(agent.stdout).toMatch(/\[\d\d:\d\d:\d\d\] otedama \S+, sha256d\/\w+, 1 threads/);
    expect(agent.stdout).toContain(`connecting to ${upstream.url} as wallet.rig`);
    expect(agent.stdout).toMatch(/accepted #1 {2}difficulty \S+( k)? {2}\d+\.\d ms/);
    expect(agent.stdout).toMatch(/H\/s 10s .*accepted \d+ rejected \d+ \| difficulty 0\.00002\S* \| up /);
    expect(agent.stdout).not.toContain("\u001b");
    expect(agent.lines.every((line) => line.startsWith("["))).toBe(true);
  });
});
