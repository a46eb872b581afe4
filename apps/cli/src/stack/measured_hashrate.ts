import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { benchSha256d } from "@otedama/native";

const MEASURE_MS = 600;

/** Hashes a second of the given number of mining threads on this machine, measured once and remembered for this processor. */
export async function measuredHashrate(home_root: string, threads: number): Promise<number> {
  const path = join(home_root, "hashrate.json");
  const key = `${cpus()[0]?.model ?? "unknown"} × ${threads}`;
  if (existsSync(path)) {
    const kept = JSON.parse(readFileSync(path, "utf8")) as { key: string; hashrate_hps: number };
    if (kept.key === key) return kept.hashrate_hps;
  }
  const hashrate_hps = await benchSha256d({ threads, duration_ms: MEASURE_MS });
  writeFileSync(path, JSON.stringify({ key, hashrate_hps }));
  return hashrate_hps;
}
