/** What a process has cost so far, from /proc. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

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

export async function startServer(kind: "engine" | "plain", threads: number, ack: "durable" | "fast"): Promise<Server> {
  const child = fork(fileURLToPath(new URL("./server_process.ts", import.meta.url)), [kind, String(threads), ack]);
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
