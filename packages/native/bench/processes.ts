/** What a process has cost so far, from /proc. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Linux counts CPU time in hundredths of a second. */
const TICKS_PER_S = 100;

/** User and system CPU seconds of all threads. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
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
