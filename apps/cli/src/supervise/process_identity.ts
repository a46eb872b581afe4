import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A process that is still the same one later: numbers are given out again, start times within one boot are not. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks between boot and the start of the process. */
  start_ticks: number;
  boot_id: string;
}

/** Null when no such process runs. A process that has ended but was not yet waited for counts as gone. */
export function identify(pid: number): ProcessIdentity | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may itself hold spaces and parentheses; the state and the numbers follow the last one.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return null;
    return { pid, start_ticks: Number(fields[19]), boot_id: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() };
  } catch {
    return null;
  }
}

export function stillRuns(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== null && now.start_ticks === identity.start_ticks && now.boot_id === identity.boot_id;
}

/** Asks a process to end, and ends it when it has not after `grace_ms`. */
export async function endProcess(identity: ProcessIdentity, grace_ms: number): Promise<void> {
  const steps: [NodeJS.Signals, number][] = [
    ["SIGTERM", grace_ms],
    ["SIGKILL", 2_000],
  ];
  for (const [signal, wait_ms] of steps) {
    if (!stillRuns(identity)) return;
    try {
      process.kill(identity.pid, signal);
    } catch {
      return;
    }
    for (const until = Date.now() + wait_ms; Date.now() < until; await sleep(20)) if (!stillRuns(identity)) return;
  }
}

/** One small file for each process that runs, so that a start after `kill -9` finds what was left. */
export class PidFiles {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  write(name: string, pid: number): void {
    const identity = identify(pid);
    if (!identity) return;
    const path = join(this.#dir, `${name}.pid`);
    writeFileSync(`${path}.new`, JSON.stringify(identity));
    renameSync(`${path}.new`, path);
  }

  remove(name: string): void {
    rmSync(join(this.#dir, `${name}.pid`), { force: true });
  }

  /** What is on file under this name and still runs. */
  running(name: string): ProcessIdentity | null {
    try {
      const identity = JSON.parse(readFileSync(join(this.#dir, `${name}.pid`), "utf8")) as ProcessIdentity;
      return stillRuns(identity) ? identity : null;
    } catch {
      return null;
    }
  }

  /** Ends every process that an earlier supervisor left; returns their names. */
  async endLeftovers(): Promise<string[]> {
    const ended: string[] = [];
    for (const file of readdirSync(this.#dir)) {
      if (!file.endsWith(".pid")) continue;
      const name = file.slice(0, -4);
      const leftover = this.running(name);
      if (leftover) {
        await endProcess(leftover, 3_000);
        ended.push(name);
      }
      this.remove(name);
    }
    return ended;
  }
}
