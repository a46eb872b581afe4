/**
 * Speed of every kernel that this CPU can run, against the portable one in the same run: `npm run bench:kernels`. Prints a table
 * and, last, one line of JSON. Rounds are taken in turn and the best of each counts, so that a busy moment of the machine
 * does not fall on one kernel alone. `--quick` takes a short look.
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

const QUICK = process.argv.includes("--quick");
const ROUNDS = QUICK ? 1 : 5;
const DURATION_MS = QUICK ? 50 : 400;
const HEADERS = 4096;

const BATCH_PATHS: Record<string, CpuFeature[]> = {
  "sha256d/avx512": ["sse4_1", "avx2", "avx512"],
  "sha256d/sha_ni": ["sse4_1", "sha_ni"],
  "sha256d/avx2": ["sse4_1", "avx2"],
  "sha256d/sse41": ["sse4_1"],
  "sha256d/portable": [],
};

interface Row {
  kernel: string;
  /** One thread, four rolled versions; and with one version. */
  mining_hps: number;
  mining_one_version_hps: number;
  /** Whole headers that share nothing, as share validation hashes them. */
  headers_per_s: number;
}

const headers = Uint8Array.from({ length: 80 * HEADERS }, (_, i) => (i * i + (i >> 7)) & 255);

function headersPerSecond(path: CpuFeature[]): number {
  setFeatureMask(path);
  const started = performance.now();
  let hashed = 0;
  while (performance.now() - started < DURATION_MS / 2) {
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

const rows: Row[] = kernels()
  .filter(({ supported }) => supported)
  .map(({ name }) => ({ kernel: name, mining_hps: 0, mining_one_version_hps: 0, headers_per_s: 0 }));
const once = { threads: 1, duration_ms: DURATION_MS };
for (let round = 0; round < ROUNDS; round++) {
  for (const row of rows) {
    const { kernel } = row;
    row.mining_hps = Math.max(row.mining_hps, await benchSha256d({ ...once, kernel }));
    row.mining_one_version_hps = Math.max(row.mining_one_version_hps, await benchSha256d({ ...once, kernel, versions: 1 }));
    row.headers_per_s = Math.max(row.headers_per_s, headersPerSecond(BATCH_PATHS[kernel] ?? []));
  }
}
const checksums = new Set(rows.map(({ kernel }) => checksum(kernel)));
if (checksums.size !== 1) throw new Error(`kernels disagree: ${[...checksums].join(" ")}`);
const all_threads_hps = await benchSha256d({ duration_ms: DURATION_MS * 2 });

const portable = rows.find(({ kernel }) => kernel === "sha256d/portable");
const mega = (value: number) => (value / 1e6).toFixed(2).padStart(8);
const ratio = (value: number, base: number | undefined) => `${(value / (base ?? value)).toFixed(1).padStart(5)}×`;
console.log(`${cpus()[0]?.model.trim()}, one thread, best of ${ROUNDS}; ratios are to the portable kernel of this run`);
console.log("kernel              mining MH/s          one version MH/s     headers M/s");
for (const row of rows) {
  const columns = (["mining_hps", "mining_one_version_hps", "headers_per_s"] as const).map(
    (column) => `${mega(row[column])} ${ratio(row[column], portable?.[column])}`,
  );
  console.log(`${row.kernel.padEnd(18)} ${columns.join("      ")}`);
}
console.log(`${fastestKernel()} on all ${availableParallelism()} threads: ${(all_threads_hps / 1e6).toFixed(1)} MH/s`);
console.log(
  JSON.stringify({ bench: "kernels", cpu: cpus()[0]?.model.trim(), rows, all_threads_hps, checksum: [...checksums][0] }),
);
