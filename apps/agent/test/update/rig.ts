/** An install as it lies on a rig, with shell scripts for agents, so that each of their faults is a line. */
import { execFile, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Layout } from "../../src/update/layout.ts";

const LAUNCH = join(import.meta.dirname, "../../../../deploy/agent/launch");

/** Says its version, or does what is asked of it and tells `ran` that it was started. */
export const agentScript = (version: string, then = "exit 0"): Buffer =>
  Buffer.from(`#!/bin/sh
[ "\${1:-}" != --version ] || { echo ${version}; exit 0; }
prefix=$(cd -P "$(dirname "$0")/../.." && pwd)
echo ${version} >>"$prefix/ran"
${then}
`);

export class Rig {
  readonly layout = new Layout(mkdtempSync(join(tmpdir(), "otedama-rig-")));

  readonly #groups: number[] = [];

  constructor() {
    mkdirSync(this.layout.versions);
    copyFileSync(LAUNCH, join(this.layout.prefix, "launch"));
    chmodSync(join(this.layout.prefix, "launch"), 0o755);
  }

  put(name: string, script: Buffer): void {
    mkdirSync(dirname(this.layout.executable(name)), { recursive: true });
    writeFileSync(this.layout.executable(name), script, { mode: 0o755 });
  }

  point(name: string): void {
    rmSync(this.layout.current, { force: true });
    symlinkSync(`versions/${name}`, this.layout.current);
  }

  trial(candidate: string, previous: string): void {
    const facts = {
      command_id: "00000000-0000-4000-8000-000000000001",
      release_number: Number(candidate.split("-")[0]),
      mining_before: true,
      sha256: "",
    };
    writeFileSync(this.layout.trial, `${candidate} ${previous}\n${JSON.stringify(facts)}\n`);
  }

  get current(): string {
    return readlinkSync(this.layout.current).replace("versions/", "");
  }

  get onTrial(): boolean {
    return existsSync(this.layout.trial);
  }

  /** The versions that were started, in order. */
  get ran(): string[] {
    const path = join(this.layout.prefix, "ran");
    return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  }

  /** One start by the supervisor, until the agent has ended; its exit status. */
  async launch(env: Record<string, string> = {}, shell = "sh"): Promise<number> {
    const run = promisify(execFile)(shell, [join(this.layout.prefix, "launch"), "--settings", "x"], {
      env: { PATH: process.env.PATH, ...env },
    });
    return run.then(
      () => 0,
      (error) => error.code,
    );
  }

  /** In a process group of its own, which ends with the rig. */
  spawnLaunch(env: Record<string, string> = {}) {
    const child = spawn(join(this.layout.prefix, "launch"), ["--settings", "x"], {
      env: { PATH: process.env.PATH, ...env },
      stdio: "ignore",
      detached: true,
    });
    if (child.pid !== undefined) this.#groups.push(child.pid);
    return child;
  }

  remove(): void {
    for (const group of this.#groups) {
      try {
        process.kill(-group, "SIGKILL");
      } catch {
        // It has ended.
      }
    }
    rmSync(this.layout.prefix, { recursive: true, force: true });
  }
}
