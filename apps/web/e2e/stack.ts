/** The whole of Otedama, started as a person starts it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
const START_MS = 180_000;
const STOP_MS = 15_000;

export interface RunningStack {
  readonly url: string;
  readonly setup_link: string;
  readonly database_url: string;
  stop(): Promise<void>;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

/** Resolves when the start has printed the dashboard's address and the set-up link. */
export async function startStack(): Promise<RunningStack> {
  const home = mkdtempSync(join(tmpdir(), "otedama-e2e-"));
  const [api, stratum, metrics] = await Promise.all([freePort(), freePort(), freePort()]);
  const child = spawn(process.execPath, [join(ROOT, "bin/otedama"), "start"], {
    cwd: ROOT,
    env: {
      ...process.env,
      OTEDAMA_HOME: home,
      OTEDAMA_API_PORT: String(api),
      OTEDAMA_STRATUM_PORT: String(stratum),
      OTEDAMA_MONITORING_PORT: String(metrics),
      OTEDAMA_MINING_THREADS: "1",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = async () => {
    await ended(child);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const printed = await addresses(child);
    const settings = JSON.parse(readFileSync(join(home, "run/settings/web.json"), "utf8")) as { database_url: string };
    return { ...printed, database_url: settings.database_url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function addresses(child: ChildProcess): Promise<{ url: string; setup_link: string }> {
  return new Promise((resolve, reject) => {
    let printed = "";
    const timer = setTimeout(() => reject(new Error(`the start took too long; it printed:\n${printed}`)), START_MS);
    const read = (chunk: Buffer) => {
      printed += chunk.toString();
      const url = /Dashboard\s+(https?:\/\/\S+)/.exec(printed)?.[1];
      const setup_link = /Set-up link\s+(https?:\/\/\S+)\s/.exec(printed)?.[1];
      if (url === undefined || setup_link === undefined) return;
      clearTimeout(timer);
      resolve({ url: url.replace(/\/$/, ""), setup_link });
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`the start ended with ${code}; it printed:\n${printed}`));
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill("SIGTERM");
  });
}
