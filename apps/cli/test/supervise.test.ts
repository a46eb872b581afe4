import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { askForTakeover, ControlServer } from "../src/supervise/control.ts";
import { identify, PidFiles, stillRuns } from "../src/supervise/process_identity.ts";
import { RotatingLog } from "../src/supervise/rotating_log.ts";
import { SupervisedApp } from "../src/supervise/supervised_app.ts";

const FIXTURE = join(import.meta.dirname, "fixtures/app.ts");

let dir: string;
let reports: string[];
let given_up: string[];
const apps: SupervisedApp[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "otedama supervise-"));
  reports = [];
  given_up = [];
});
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop(500)));
  rmSync(dir, { recursive: true, force: true });
});

const log = () => join(dir, "app.log");
const starts = () => readFileSync(log(), "utf8").match(/started/g)?.length ?? 0;

function supervise(behaviour: Record<string, unknown>, options: { restarts_max?: number } = {}): SupervisedApp {
  const app = new SupervisedApp(
    { name: "fixture", main: FIXTURE, settings: { log: log(), ...behaviour }, ready_timeout_ms: 20_000 },
    {
      settings_dir: join(dir, "settings"),
      log_dir: join(dir, "logs"),
      backoff_ms: [10, 20],
      restarts_max: options.restarts_max ?? 3,
      healthy_after_ms: 60_000,
    },
    {
      pid_files: new PidFiles(join(dir, "run")),
      report: (line) => reports.push(line),
      onGivenUp: (_, message) => given_up.push(message),
    },
  );
  apps.push(app);
  return app;
}

describe("a supervised app", () => {
  test("answers what it said when it was ready, and keeps its settings from others", async () => {
    const app = supervise({});
    expect(await app.start()).toMatchObject({ ready: true, port: 7 });
    expect(statSync(join(dir, "settings", "fixture.json")).mode & 0o077).toBe(0);
  });

  test("passes its own sentence on when it refuses to start", async () => {
    await expect(supervise({ fails: "stratum.min_diff: must be positive" }).start()).rejects.toThrow(
      "The fixture ended with code 2: stratum.min_diff: must be positive",
    );
  });

  test("is started again when it is killed, and says so", async () => {
    const app = supervise({});
    await app.start();
    const first = app.pid as number;
    process.kill(first, "SIGKILL");
    await expect.poll(() => reports.at(-1)).toBe("The fixture runs again");
    expect(app.pid).not.toBe(first);
    expect(reports[0]).toBe("The fixture was ended by SIGKILL. Starting it again in 0.01 s");
  });

  test("is given up after so many ends in a row", async () => {
    await supervise({ ends_after_ms: 10 }, { restarts_max: 2 }).start();
    await expect.poll(() => given_up).toHaveLength(1);
    expect(given_up[0]).toMatch(/It ended 3 times in a row and is not started again: see .*fixture\.log$/);
    expect(starts()).toBe(3);
  });

  test("is asked to stop, and is not started again", async () => {
    const app = supervise({});
    await app.start();
    await app.stop(5_000);
    apps.length = 0;
    expect(readFileSync(log(), "utf8")).toMatch(/started \d+\nstopped \d+\n$/);
    expect(readdirSync(join(dir, "run"))).toEqual([]);
  });

  describe("that is taken over from", () => {
    test("is followed by the newer process, which is looked after from then on", async () => {
      const app = supervise({});
      await app.start();
      const older = app.pid as number;
      expect(await app.takeOver()).toMatchObject({ ready: true });
      const newer = app.pid as number;
      expect(newer).not.toBe(older);
      expect(readFileSync(log(), "utf8")).toContain(`handed over ${older}\n`);
      expect(readdirSync(join(dir, "run"))).toEqual(["fixture.pid"]);
      expect(new PidFiles(join(dir, "run")).running("fixture")?.pid).toBe(newer);
      expect(reports).toEqual([]);
      process.kill(newer, "SIGKILL");
      await expect.poll(() => reports.at(-1)).toBe("The fixture runs again");
      expect(await app.takeOver()).toMatchObject({ ready: true });
    });

    test("goes on where the newer one fails before", async () => {
      const app = supervise({ takeover_fails: "stratum.min_diff: must be positive" });
      await expect(app.takeOver()).rejects.toThrow("The fixture does not run just now");
      await app.start();
      const older = app.pid;
      const failing = app.takeOver();
      await expect(app.takeOver()).rejects.toThrow("Another process takes over from the fixture just now");
      await expect(failing).rejects.toThrow("The fixture ended with code 2: stratum.min_diff: must be positive");
      expect(app.pid).toBe(older);
      expect(readdirSync(join(dir, "run"))).toEqual(["fixture.pid"]);
      expect(reports).toEqual([]);
    });

    test("is started again where the newer one fails after", async () => {
      const app = supervise({ takeover_fails_late: "no memory" });
      await app.start();
      await expect(app.takeOver()).rejects.toThrow("The fixture ended with code 2: no memory");
      await expect.poll(() => reports.at(-1)).toBe("The fixture runs again");
    });
  });

  test("is killed when it does not listen", async () => {
    const app = supervise({ deaf: true });
    await app.start();
    const identity = identify(app.pid as number);
    await app.stop(100);
    apps.length = 0;
    expect(identity && stillRuns(identity)).toBe(false);
  });
});

describe("a supervisor's socket", () => {
  test("takes a request from its own user, and answers in a sentence either way", async () => {
    mkdirSync(join(dir, "run"));
    const answers = ["Process 2 took over", new Error("No pool runs here")];
    const server = new ControlServer(
      { run_dir: join(dir, "run") },
      {
        takeOverPool: async () => {
          const answer = answers.shift();
          if (typeof answer === "string") return answer;
          throw answer;
        },
      },
    );
    await expect(askForTakeover(join(dir, "run"))).rejects.toThrow(/cannot be asked for a takeover at .*control\.sock/);
    await server.start();
    expect(statSync(join(dir, "run", "control.sock")).mode & 0o777).toBe(0o600);
    expect(await askForTakeover(join(dir, "run"))).toEqual({ ok: true, message: "Process 2 took over" });
    expect(await askForTakeover(join(dir, "run"))).toEqual({ ok: false, message: "No pool runs here" });
    const junk = connect(join(dir, "run", "control.sock"));
    junk.write("{}\n");
    const [said] = (await once(junk, "data")) as [Buffer];
    expect(JSON.parse(said.toString())).toEqual({ ok: false, message: "This version understands no such request" });
    junk.destroy();
    server.stop();
  });

  test("says so where its path is too long", async () => {
    const run_dir = join(dir, "x".repeat(100));
    const server = new ControlServer({ run_dir }, { takeOverPool: async () => "" });
    await expect(server.start()).rejects.toThrow("is too long for a socket. Set OTEDAMA_HOME to a shorter path");
  });
});

describe("pid files", () => {
  test("end what an earlier supervisor left, and nothing else", async () => {
    const files = new PidFiles(join(dir, "run"));
    const leftover = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    const gone = new Promise((done) => leftover.once("exit", done));
    files.write("pool", leftover.pid as number);
    // The number was given to another process since: the start time tells.
    const other = identify(stranger.pid as number);
    writeFileSync(join(dir, "run", "web.pid"), JSON.stringify({ ...other, start_ticks: 1 }));
    writeFileSync(join(dir, "run", "agent.pid"), "half a fi");

    expect(await files.endLeftovers()).toEqual(["pool"]);
    await gone;
    expect(other && stillRuns(other)).toBe(true);
    expect(readdirSync(join(dir, "run"))).toEqual([]);
    stranger.kill("SIGKILL");
  });

  test("are nothing to go by after a reboot", () => {
    const files = new PidFiles(join(dir, "run"));
    const identity = identify(process.pid);
    writeFileSync(join(dir, "run", "web.pid"), JSON.stringify({ ...identity, boot_id: "an earlier boot" }));
    expect(files.running("web")).toBeNull();
    files.write("web", process.pid);
    expect(files.running("web")).toMatchObject({ pid: process.pid });
  });
});

test("a log keeps to its size", () => {
  mkdirSync(join(dir, "logs"));
  const path = join(dir, "logs", "pool.log");
  const writer = new RotatingLog(path, 1_000);
  for (let i = 0; i < 200; i++) writer.write(`line ${i} ${"x".repeat(40)}`);
  writer.close();
  expect(readdirSync(join(dir, "logs")).sort()).toEqual(["pool.log", "pool.log.1", "pool.log.2"]);
  for (const name of readdirSync(join(dir, "logs"))) expect(statSync(join(dir, "logs", name)).size).toBeLessThanOrEqual(1_000);
  expect(readFileSync(path, "utf8")).toContain("line 199");
});
