/** The pool as a process of its own. */
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";

export const POOL_MAIN = join(import.meta.dirname, "../../src/main.ts");

export interface PoolProcess {
  child: ChildProcess;
  port: number;
  metrics_port: number;
  took_over: { pid: number; version: string; connections: number } | null;
  exited: Promise<number | null>;
}

/** Waits for the line that says so. Rejects when the process ends before. */
export async function ready(child: ChildProcess): Promise<PoolProcess> {
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  if (!child.stdout) throw new Error("no output");
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on(
      "line",
      (text) => text.includes('"ready"') && resolve(text),
    );
    void exited.then((code) => reject(new Error(`ended with ${code} before it was ready`)));
  });
  const said = JSON.parse(line);
  expect(said).toMatchObject({ ready: true, app: "pool", metrics: { host: "127.0.0.1" } });
  return { child, port: said.stratum[0].port, metrics_port: said.metrics.port, took_over: said.took_over, exited };
}
