/** What a process has cost so far, from /proc. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { CrowdOptions, JobArrival } from "../src/load.ts";

/** CPU seconds of all living threads, as the scheduler counted them (nanoseconds; /proc/PID/stat has hundredths of a second). */
export function cpuSeconds(pid: number): number {
  let ran_ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      ran_ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // It ended between the two looks.
    }
  }
  return ran_ns / 1e9;
}

export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

export interface Server {
  pid: number;
  port: number;
  /** Sends a new job; resolves with when its template came, in ms of CLOCK_MONOTONIC. */
  newJob(): Promise<number>;
  close(): void;
}

export async function startServer(
  kind: "engine" | "plain",
  threads: number,
  ack: "durable" | "fast",
  extranonce_prefix = 1,
): Promise<Server> {
  const words = [kind, String(threads), ack, String(extranonce_prefix)];
  const child = fork(fileURLToPath(new URL("./server_process.ts", import.meta.url)), words);
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return {
    pid: child.pid ?? 0,
    port,
    async newJob() {
      child.send("job");
      const [{ template_at_ms }] = (await once(child, "message")) as [{ template_at_ms: number }];
      return template_at_ms;
    },
    close: () => child.disconnect(),
  };
}

export interface Generator {
  /** The last jobs that came, oldest first. */
  arrivals(): Promise<JobArrival[]>;
  close(): void;
}

/** A crowd in a process of its own; resolves when all of it has a job. */
export async function startGenerator(crowd: CrowdOptions): Promise<Generator> {
  const { host, port, workers, source_addresses, user, password } = crowd;
  const words = [host, String(port), String(workers), String(source_addresses), user, password];
  const child = fork(fileURLToPath(new URL("./generator_process.ts", import.meta.url)), words);
  const [{ failed }] = (await once(child, "message")) as [{ failed?: string }];
  if (failed !== undefined) {
    child.disconnect();
    throw new Error(failed);
  }
  return {
    async arrivals() {
      child.send("arrivals");
      const [{ arrivals }] = (await once(child, "message")) as [{ arrivals: JobArrival[] }];
      return arrivals;
    },
    close: () => child.disconnect(),
  };
}

/** Files that a process started from here may open. */
export function openFilesMax(): number {
  return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? 1024);
}

/** What the kernel holds for sockets, their files and buffers, of all processes together. */
export function kernelSocketBytes(): number {
  const slab_kib = Number(/^Slab:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]);
  const buffer_pages = Number(/^TCP: .* mem (\d+)/m.exec(readFileSync("/proc/net/sockstat", "utf8"))?.[1]);
  return slab_kib * 1024 + buffer_pages * 4096;
}
