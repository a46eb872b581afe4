/** Loads build/otedama.node, or the one inside a single executable; what it exports is typed here and nowhere else. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { isSea } from "node:sea";
import { fileURLToPath } from "node:url";
import { loadEmbedded } from "./embedded.ts";
import type { NvmlDevice } from "./gpu.ts";
import type { BenchOptions, KernelInfo, MinerCounters, MinerJob, MinerOptions, NonceHit, NonceSearch, Share } from "./miner.ts";

export interface NativeMiner {
  setJob(job: MinerJob): void;
  pause(): void;
  setIntensity(percent: number): void;
  counters(): MinerCounters;
  stop(): void;
}

export interface NativeKernels {
  cpuFeatureBits(): number;
  setFeatureMask(mask: number): void;
  sha256(message: Uint8Array): Uint8Array;
  sha256d(message: Uint8Array): Uint8Array;
  sha256dMany80(headers: Uint8Array): Uint8Array;
  sha256dMany64(pairs: Uint8Array): Uint8Array;
  merkleClimbMany(nodes: Uint8Array, branches: Uint8Array): Uint8Array;
  sha256dTails(prefix: Uint8Array, tails: Uint8Array, tail_bytes: number): Uint8Array;
  sha256dHoles(prefix: Uint8Array, holes: Uint8Array, hole_bytes: number, suffix: Uint8Array): Uint8Array;
  NativeMiner: new (
    options: Required<Pick<MinerOptions, "threads" | "nice">> & Pick<MinerOptions, "kernel">,
    on_share: (share: Share) => void,
  ) => NativeMiner;
  benchSha256d(
    options: Required<Pick<BenchOptions, "threads" | "duration_ms" | "versions">> & Pick<BenchOptions, "kernel">,
  ): Promise<number>;
  kernels(): KernelInfo[];
  fastestKernel(): string;
  scanNonces(search: NonceSearch): NonceHit[];
  numaNodes(): number[][];
  releaseResident(): number;
  readNvml(library: string): Promise<NvmlDevice[]>;
}

function load(): NativeKernels {
  if (isSea()) return loadEmbedded() as NativeKernels;
  const path = fileURLToPath(new URL("../build/otedama.node", import.meta.url));
  if (!existsSync(path)) {
    throw new Error(
      "The native addon is not built: run `npm run setup` in the repository's root (or `node packages/native/build.mjs`).",
    );
  }
  try {
    return createRequire(import.meta.url)(path) as NativeKernels;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The native addon does not load (${reason}): build it again with \`node packages/native/build.mjs\`.`);
  }
}

/** Everything the addon exports; the engine's part is typed by engine.ts. */
export const native: NativeKernels = load();
