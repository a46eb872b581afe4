/**
 * Speed of every kernel that this CPU can run, against the portable one in the same run. Rounds are taken in turn and the best of
 * each counts, so that a busy moment of the machine does not fall on one kernel alone.
 */
import { createHash } from "node:crypto";
import { availableParallelism, cpus } from "node:os";
import {
  benchSha256d,
  type CpuFeature,
  fastestKernel,
  kernels,
  scanNonces,
  setFeatureMask,
  sha256dMany80,
} from "../src/index.ts";

const HEADERS = 4096;

const BATCH_PATHS: Record<string, CpuFeature[]> = {
  "sha256d/avx512": ["sse4_1", "avx2", "avx512"],
  "sha256d/sha_ni": ["sse4_1", "sha_ni"],
  "sha256d/avx2": ["sse4_1", "avx2"],
  "sha256d/sse41": ["sse4_1"],
  "sha256d/portable": [],
};

export interface KernelRow {
  kernel: string;
  /** One thread, four rolled versions; and with one version. */
  mining_hps: number;
  mining_one_version_hps: number;
  /** Whole headers that share nothing, as share validation hashes them. */
  headers_per_s: number;
}

const headers = Uint8Array.from({ length: 80 * HEADERS }, (_, i) => (i * i + (i >> 7)) & 255);

function headersPerSecond(path: CpuFeature[], duration_ms: number): number {
  setFeatureMask(path);
  const started = performance.now();
  let hashed = 0;
  while (performance.now() - started < duration_ms / 2) {
    sha256dMany80(headers);
    hashed += HEADERS;
  }
  setFeatureMask(null);
  return (hashed / (performance.now() - started)) * 1000;
}

/** The same for every kernel, or one of them is wrong. */
function checksum(kernel: string): string {
  const hits = scanNonces({ kernel, headers: headers.subarray(0, 80), first: 0, count: 65_536, bound: 0x00ff_ffff });
  return createHash("sha256")
    .update(JSON.stringify(hits.sort((a, b) => a.nonce - b.nonce)))
    .digest("hex")
    .slice(0, 16);
}

export interface KernelBenchResult {
  bench: "kernels";
  cpu: string;
  rounds: number;
  rows: KernelRow[];
  fastest: string;
  all_threads_hps: number;
  checksum: string;
}

/** `quick` takes a short look. Throws when two kernels find different nonces. */
export async function benchKernels({ quick }: { quick: boolean }): Promise<KernelBenchResult> {
  const rounds = quick ? 1 : 5;
  const duration_ms = quick ? 50 : 400;
  const rows: KernelRow[] = kernels()
    .filter(({ supported }) => supported)
    .map(({ name }) => ({ kernel: name, mining_hps: 0, mining_one_version_hps: 0, headers_per_s: 0 }));
  const once = { threads: 1, duration_ms };
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) {
      const { kernel } = row;
      row.mining_hps = Math.max(row.mining_hps, await benchSha256d({ ...once, kernel }));
      row.mining_one_version_hps = Math.max(row.mining_one_version_hps, await benchSha256d({ ...once, kernel, versions: 1 }));
      row.headers_per_s = Math.max(row.headers_per_s, headersPerSecond(BATCH_PATHS[kernel] ?? [], duration_ms));
    }
  }
  const checksums = [...new Set(rows.map(({ kernel }) => checksum(kernel)))];
  if (checksums.length !== 1) throw new Error(`kernels disagree: ${checksums.join(" ")}`);
  const all_threads_hps = await benchSha256d({ duration_ms: duration_ms * 2 });
  const cpu = cpus()[0]?.model.trim() ?? "";
  return { bench: "kernels", cpu, rounds, rows, fastest: fastestKernel(), all_threads_hps, checksum: checksums[0] ?? "" };
}

export function kernelTable({ cpu, rounds, rows, fastest, all_threads_hps }: KernelBenchResult): string {
  const portable = rows.find(({ kernel }) => kernel === "sha256d/portable");
  const mega = (value: number) => (value / 1e6).toFixed(2).padStart(8);
  const ratio = (value: number, base: number | undefined) => `${(value / (base ?? value)).toFixed(1).padStart(5)}×`;
  const lines = rows.map((row) => {
    const columns = (["mining_hps", "mining_one_version_hps", "headers_per_s"] as const).map(
      (column) => `${mega(row[column])} ${ratio(row[column], portable?.[column])}`,
    );
    return `${row.kernel.padEnd(18)} ${columns.join("      ")}`;
  });
  return [
    `${cpu}, one thread, best of ${rounds}; ratios are to the portable kernel of this run`,
    "kernel              mining MH/s          one version MH/s     headers M/s",
    ...lines,
    `${fastest} on all ${availableParallelism()} threads: ${(all_threads_hps / 1e6).toFixed(1)} MH/s`,
  ].join("\n");
}
