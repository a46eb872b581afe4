import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { benchSha256d } from "@otedama/native";

const SAMPLES = 4;
const SAMPLE_MS = 200;

/** Hashes a second of the given number of mining threads on this machine, measured once and remembered for this processor. */
export async function measuredHashrate(home_root: string, threads: number): Promise<number> {
  const path = join(home_root, "hashrate.json");
  const key = `${cpus()[0]?.model ?? "unknown"} × ${threads}`;
  if (existsSync(path)) {
    const kept = JSON.parse(readFileSync(path, "utf8")) as { key: string; hashrate_hps: number };
    if (kept.key === key) return kept.hashrate_hps;
  }
  // The best of some short runs: what else the machine does just now can only slow them.
  let hashrate_hps = 0;
  for (let i = 0; i < SAMPLES; i++)
    hashrate_hps = Math.max(hashrate_hps, await benchSha256d({ threads, duration_ms: SAMPLE_MS }));
  writeFileSync(path, JSON.stringify({ key, hashrate_hps }));
  return hashrate_hps;
}
