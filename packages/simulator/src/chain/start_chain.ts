import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { z } from "zod";
import { ChainSettings } from "./settings.ts";

/** The program that `node MAIN --settings FILE` runs the chain with. */
export const CHAIN_MAIN = join(import.meta.dirname, "main.ts");

export interface RunningChain {
  /** JSON-RPC address without credentials, as `ChainNodeSettings` wants it. */
  url: string;
  user: string;
  password: string;
  pid: number;
  /** One JSON-RPC call; rejects with the node's message. */
  rpc<T = unknown>(method: string, params?: unknown[]): Promise<T>;
  exited: Promise<void>;
  stop(): Promise<void>;
}

type StartOptions = Partial<z.input<typeof ChainSettings>>;

/**
 * Starts a development chain in its own process and waits until it answers. Without options: in memory, on a free port, with
 * trivially easy blocks, as tests want it.
 */
export async function startChain(options: StartOptions = {}): Promise<RunningChain> {
  const settings = ChainSettings.parse({
    dir: null,
    port: 0,
    rpc_user: "otedama",
    rpc_password: randomBytes(16).toString("hex"),
    hashrate_hps: null,
    transactions: false,
    ...options,
  });
  const folder = mkdtempSync(join(tmpdir(), "otedama-chain-"));
  const file = join(folder, "settings.json");
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  const child = spawn(process.execPath, [CHAIN_MAIN, "--settings", file], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4_000);
  });
  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  const port = await new Promise<number>((done, fail) => {
    child.once("error", fail);
    void exited.then(() => fail(new Error(errors.trim() || "The development chain ended before it was ready")));
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).once("line", (line) => done(JSON.parse(line).rpc.port));
  }).finally(() => rmSync(folder, { recursive: true, force: true }));

  const url = `http://127.0.0.1:${port}`;
  const authorization = `Basic ${Buffer.from(`${settings.rpc_user}:${settings.rpc_password}`).toString("base64")}`;
  return {
    url,
    user: settings.rpc_user,
    password: settings.rpc_password,
    pid: child.pid as number,
    exited,
    async rpc<T>(method: string, params: unknown[] = []) {
      const response = await fetch(url, {
        method: "POST",
        headers: { authorization, "content-type": "application/json" },
        body: JSON.stringify({ id: 1, method, params }),
      });
      if (response.status === 401) throw new Error("The chain refused the user or the password");
      const { result, error } = (await response.json()) as { result: T; error: { message: string } | null };
      if (error) throw new Error(error.message);
      return result;
    },
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
