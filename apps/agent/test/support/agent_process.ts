/** The agent as the process that runs on rigs. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

/** A folder that goes with the test, and processes that do. */
export class AgentHouse {
  readonly folder = mkdtempSync(join(tmpdir(), "otedama-agent-"));
  readonly data_dir = join(this.folder, "data");
  readonly #processes: AgentProcess[] = [];
  #files = 0;

  start(settings: object, env: NodeJS.ProcessEnv = {}): AgentProcess {
    const path = this.settingsFile(settings);
    return this.run(["--settings", path], env);
  }

  settingsFile(settings: object): string {
    this.#files += 1;
    const path = join(this.folder, `settings-${this.#files}.json`);
    const usual = { data_dir: this.data_dir, log_level: "info", name: "rig-1", threads: 1, nice: 5 };
    writeFileSync(path, JSON.stringify({ ...usual, ...settings }), { mode: 0o600 });
    return path;
  }

  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): AgentProcess {
    const started = new AgentProcess(args, env);
    this.#processes.push(started);
    return started;
  }

  async close(): Promise<void> {
    for (const { child } of this.#processes) child.kill("SIGKILL");
    await Promise.all(this.#processes.map((started) => started.exit()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class AgentProcess {
  readonly child: ChildProcess;
  output = "";

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.child = spawn(process.execPath, [MAIN, ...args], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    this.child.stdout?.on("data", (chunk) => (this.output += chunk));
    this.child.stderr?.on("data", (chunk) => (this.output += chunk));
  }

  async exit(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
    return this.child.exitCode;
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exit();
  }
}

/** Waits for what must come; only a failure takes this long. */
export async function until<T>(look: () => T | undefined | null | false, what: string, timeout_ms = 45_000): Promise<T> {
  const deadline = performance.now() + timeout_ms;
  for (;;) {
    const found = look();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`waited ${timeout_ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
