/** The process itself: settings, readiness, a clean stop. Runs on a copy of the app's tree without a build, and on the build where there is one. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const APP = join(import.meta.dirname, "..");
const MAIN = join(APP, "src/server/main.ts");
const built = existsSync(join(APP, ".next/BUILD_ID"));

let dir: string;
let postgres: TestPostgres;
let database_url: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "otedama-main-"));
  postgres = await startTestPostgres();
  database_url = await postgres.createMigratedDatabase();
});
afterAll(async () => {
  await postgres.stop();
  rmSync(dir, { recursive: true, force: true });
});

interface Run {
  child: ChildProcess;
  out: () => string;
  err: () => string;
  exit: Promise<number | null>;
}

function run(args: string[], options: { ipc?: boolean } = {}): Run {
  let out = "";
  let err = "";
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe", ...(options.ipc ? (["ipc"] as const) : [])],
  });
  child.stdout?.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    err += chunk;
  });
  const exit = once(child, "exit").then(([code]) => code as number | null);
  return { child, out: () => out, err: () => err, exit };
}

function settingsFile(changes: Record<string, unknown> = {}): string {
  const file = join(dir, `settings-${Math.random().toString(36).slice(2)}.json`);
  const settings = {
    data_dir: dir,
    log_level: "info",
    listen: { host: "127.0.0.1", port: 0 },
    public_url: "http://localhost:8080",
    network: "regtest",
    database_url,
    session_secret: "ab".repeat(32),
    ...changes,
  };
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  return file;
}

describe("what it cannot start with is one sentence and exit 2", () => {
  test.each([
    ["no settings", () => [], /--settings FILE/],
    ["an unknown option", () => ["--nonsense"], /nonsense/],
    ["a file that is not there", () => ["--settings", join(dir, "none.json")], /cannot be read/],
    ["a wrong value", () => ["--settings", settingsFile({ session_secret: "short" })], /session_secret/],
    ["an unknown key", () => ["--settings", settingsFile({ nonsense: 1 })], /nonsense/],
    ["a wrong port", () => ["--settings", settingsFile({ listen: { host: "127.0.0.1", port: 70_000 } })], /listen\.port/],
  ])("%s", async (_name, args, sentence) => {
    const started = run(args());
    expect(await started.exit).toBe(2);
    expect(started.err()).toMatch(sentence);
    expect(started.err().trim().split("\n")).toHaveLength(1);
    expect(started.out()).toBe("");
  });

  test.skipIf(built)("screens that are not built", async () => {
    const started = run(["--settings", settingsFile()]);
    expect(await started.exit).toBe(2);
    expect(started.err()).toMatch(/screens are not built: run `npm run setup`/);
  });
});

describe.skipIf(!built)("with its screens built", () => {
  async function ready(started: Run): Promise<{ host: string; port: number }> {
    await expect.poll(() => started.out() + started.err(), { timeout: 30_000 }).toContain('"ready"');
    const line = started
      .out()
      .split("\n")
      .find((text) => text.includes('"ready"'));
    return (JSON.parse(line ?? "{}") as { listen: { host: string; port: number } }).listen;
  }

  test.each(["SIGTERM", "SIGINT"] as const)("serves pages, says when it is ready and stops cleanly on %s", async (signal) => {
    const started = run(["--settings", settingsFile()]);
    const { port } = await ready(started);
    const page = await fetch(`http://127.0.0.1:${port}/`, { redirect: "manual" });
    expect(page.status).toBeLessThan(500);
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    started.child.kill(signal);
    expect(await started.exit).toBe(0);
    for (const line of started.out().trim().split("\n")) expect(() => JSON.parse(line)).not.toThrow();
    expect(started.err()).toBe("");
  });

  test("ends with the supervisor that started it", async () => {
    const started = run(["--settings", settingsFile()], { ipc: true });
    await ready(started);
    started.child.disconnect();
    expect(await started.exit).toBe(0);
  });

  test("names a port that is in use", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const started = run(["--settings", settingsFile({ listen: { host: "127.0.0.1", port } })]);
    expect(await started.exit).toBe(2);
    expect(started.err()).toContain(`port ${port} on 127.0.0.1 is in use`);
    taken.close();
  });
});
