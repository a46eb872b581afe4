import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentHelloV1, AgentTelemetry } from "@otedama/shared";
import { Server } from "socket.io";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestPool } from "./stratum_server.ts";

const MAIN = join(import.meta.dirname, "../src/main.ts");
const TOKEN = "token-for-tests-0123456789";

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

class Hub {
  readonly hellos: AgentHelloV1[] = [];
  readonly telemetry: AgentTelemetry[] = [];
  refuse: { code: string; message: string } | null = null;
  readonly #http: HttpServer = createServer();
  readonly #io = new Server(this.#http);

  async listen(port = 0): Promise<this> {
    const agents = this.#io.of("/agents");
    agents.use((socket, next) => {
      if (this.refuse) return next(Object.assign(new Error("refused"), { data: this.refuse }));
      this.hellos.push(AgentHelloV1.parse(socket.handshake.auth));
      next();
    });
    agents.on("connection", (socket) => {
      socket.on("telemetry", (body, acknowledge) => {
        this.telemetry.push(AgentTelemetry.parse(body));
        acknowledge({ ok: true });
      });
    });
    this.#http.listen(port, "127.0.0.1");
    await once(this.#http, "listening");
    return this;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    await this.#io.close();
  }
}

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

describe("an agent and its control plane", () => {
  test("introduces itself and reports what it does", async () => {
    const hub = await new Hub().listen();
    cleanups.push(() => hub.close());
    new AgentProcess(settings({ hub: { url: hub.url, token: TOKEN } }));
    await until(() => hub.telemetry.some(({ pool }) => pool.shares.accepted > 0), "a report with a share");
    expect(hub.hellos[0]).toMatchObject({ token: TOKEN, name: "rig-1", protocol: 1 });
    const report = hub.telemetry.at(-1);
    expect(report?.pool).toMatchObject({ url: upstream.url, user: "wallet.rig", state: "mining", difficulty: 0.00002 });
    expect(report?.devices[0]).toMatchObject({ device_id: "cpu0", kind: "cpu", threads: 1, hardware_errors: 0 });
    expect(report?.devices[0]?.hashrate_hps.s10).toBeGreaterThan(0);
    expect(report?.memory_free_bytes).toBeLessThanOrEqual(report?.memory_total_bytes ?? 0);
  });

  test("mines on while the control plane is away, and comes back to it", async () => {
    const first = await new Hub().listen();
    const { port } = first;
    const agent = new AgentProcess(settings({ hub: { url: first.url, token: TOKEN } }));
    await until(() => first.telemetry.length > 0, "a first report");
    await first.close();
    const before = upstream.shares.length;
    await until(() => upstream.shares.length > before + 2, "shares without a control plane");
    expect(agent.stdout).toContain("mining goes on");
    const second = await new Hub().listen(port);
    cleanups.push(() => second.close());
    await until(() => second.telemetry.length > 0, "a report after the outage");
    expect(second.hellos[0]?.agent_id).toBe(first.hellos[0]?.agent_id);
  });

  test("mines on when it is refused, and says why without saying its token", async () => {
    const hub = await new Hub().listen();
    cleanups.push(() => hub.close());
    hub.refuse = { code: "revoked", message: "This token was revoked." };
    const agent = new AgentProcess(settings({ hub: { url: hub.url, token: TOKEN } }));
    await until(
      () => agent.stdout.includes("This token was revoked. (revoked)") && upstream.shares.length > 0,
      "the refusal and a share",
    );
    expect(agent.stdout + agent.stderr).not.toContain(TOKEN);
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
