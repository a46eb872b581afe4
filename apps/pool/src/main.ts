/**
 * One pool process: settings in, a ready line out, and an end on SIGTERM, SIGINT, when the parent is gone or when a newer process has taken
 * over. With `--takeover` it is that newer process.
 */
import { readFileSync } from "node:fs";
import { createStratumEngine } from "@otedama/native/engine";
import { PoolSettings } from "@otedama/shared";
import { pino } from "pino";
import { z } from "zod";
import { startPool } from "./pool.ts";

const STOP_MS_MAX = 3_500;

function readSettings(): PoolSettings {
  const at = process.argv.indexOf("--settings");
  const path = at > 0 ? process.argv[at + 1] : undefined;
  if (!path) refuse("Usage: node apps/pool/src/main.ts --settings FILE [--takeover]");
  try {
    const parsed = PoolSettings.safeParse(JSON.parse(readFileSync(path, "utf8")));
    if (parsed.success) return parsed.data;
    return refuse(`${path} is not usable: ${z.prettifyError(parsed.error).replaceAll(/\s+/g, " ")}`);
  } catch (error) {
    return refuse(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

const settings = readSettings();
const log = pino({ level: settings.log_level, base: { app: "pool", instance_id: settings.instance_id } });
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

const takeover = process.argv.includes("--takeover");
const pool = await startPool(settings, { log, version, makeEngine: createStratumEngine, takeover }).catch((error: Error) =>
  refuse(error.message),
);
void pool.handed_over.then(() => process.exit(0));

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
  await pool.stop();
  process.exit(0);
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
process.on("disconnect", stop);
const { reload } = pool;
if (reload) process.on("SIGHUP", () => void reload());

const metrics = pool.metrics_port === null ? null : { ...settings.metrics, port: pool.metrics_port };
process.stdout.write(
  `${JSON.stringify({ ready: true, app: "pool", stratum: pool.stratum, metrics, took_over: pool.took_over })}\n`,
);
