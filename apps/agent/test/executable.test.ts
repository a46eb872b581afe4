import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { AgentBuild } from "@otedama/shared";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withNote } from "../executable/elf_note.ts";
import { TestPool } from "./stratum_server.ts";

const BUILD = join(import.meta.dirname, "../executable/build.ts");
const PLATFORM = `${process.platform}-${process.arch}`;
const run = promisify(execFile);

let folder: string;
/** As it lies on a rig. */
let executable: string;
let built: AgentBuild;
const processes: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "otedama-executable-"));
  await run(process.execPath, [BUILD, "--out", join(folder, "dist"), "--version", "7.8.9-test"]);
  built = AgentBuild.parse(JSON.parse(readFileSync(join(folder, "dist", PLATFORM, "build.json"), "utf8")));
  executable = join(folder, "versions/42-7.8.9-test/otedama-agent");
  mkdirSync(dirname(executable), { recursive: true });
  renameSync(join(folder, "dist", PLATFORM, "otedama-agent"), executable);
});
afterAll(() => {
  for (const child of processes) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

describe("the agent as one file", () => {
  test("is what build.json says that it is", () => {
    const bytes = readFileSync(executable);
    expect(built).toMatchObject({ version: "7.8.9-test", platform: PLATFORM, name: "otedama-agent", bytes: bytes.length });
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(built.sha256);
  });

  test("runs without this checkout, without Node, and without an environment", async () => {
    const { stdout, stderr } = await run(executable, ["--version"], { cwd: "/", env: {} });
    expect({ stdout, stderr }).toEqual({ stdout: "7.8.9-test\n", stderr: "" });
    expect(readFileSync(executable).includes(dirname(BUILD)), "names this checkout").toBe(false);
  });

  test("takes no flags of Node from a rig's environment", async () => {
    const { stdout } = await run(executable, ["--version"], { cwd: "/", env: { NODE_OPTIONS: "--require=/does/not/exist.cjs" } });
    expect(stdout).toBe("7.8.9-test\n");
  });

  test("mines with the addon that it carries, and leaves no file of it", async () => {
    const pool = await new TestPool().listen();
    try {
      const settings = join(folder, "agent.json");
      const pools = [{ url: pool.url, user: "wallet.rig", password: "x" }];
      writeFileSync(
        settings,
        JSON.stringify({ data_dir: join(folder, "data"), log_level: "info", name: "rig-1", hub: null, pools, threads: 1 }),
      );
      const child = spawn(executable, ["--settings", settings], { cwd: "/", env: {}, stdio: "ignore" });
      processes.push(child);
      await pool.until(() => pool.shares.length > 0, "a share", 50_000);
      expect(readdirSync(dirname(executable))).toEqual(["otedama-agent"]);
      child.kill("SIGTERM");
      expect((await once(child, "exit"))[0]).toBe(0);
    } finally {
      await pool.close();
    }
  });

  test("starts without its addon's old folder in the way", async () => {
    const abandoned = join(dirname(executable), ".addon-killed");
    mkdirSync(abandoned);
    await run("touch", ["-d", "2001-01-01", abandoned]);
    await run(executable, ["--version"], { cwd: "/", env: {} });
    expect(readdirSync(dirname(executable))).toEqual(["otedama-agent"]);
  });
});

describe("a note in an executable", () => {
  test("refuses what is no executable", () => {
    expect(() => withNote(Buffer.from("#!/bin/sh\n".padEnd(100)), "NAME", Buffer.from("x"))).toThrow("no 64-bit ELF");
    expect(() => withNote(Buffer.alloc(10), "NAME", Buffer.from("x"))).toThrow("no 64-bit ELF");
  });

  test("leaves a program that runs as before", async () => {
    const made = join(folder, "node-with-note");
    writeFileSync(made, withNote(readFileSync(process.execPath), "ANY", Buffer.alloc(100_000, 7)), { mode: 0o755 });
    const script =
      "console.log(new Intl.NumberFormat('de').format(1e6), [3, 1, 2].sort().join(), require('zlib').gzipSync('x').length > 0)";
    const [mine, original] = await Promise.all([made, process.execPath].map((node) => run(node, ["-e", script])));
    expect(mine?.stdout).toBe(original?.stdout);
  });
});
