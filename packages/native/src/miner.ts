import { native } from "./addon.ts";

/** A Stratum job, decoded. */
export interface MinerJob {
  job_id: string;
  /** 32 bytes, wire order. */
  prev_hash: Uint8Array;
  /** Coinbase before extranonce1 and after extranonce2. */
  coinbase_prefix: Uint8Array;
  coinbase_suffix: Uint8Array;
  extranonce1: Uint8Array;
  /** Bytes of extranonce2, 0 … 32. */
  extranonce2_size: number;
  /** 32 bytes each, from the coinbase up. */
  merkle_branches: Uint8Array;
  version: number;
  /** Version bits that may be rolled (BIP 310); 0 for none. */
  version_mask: number;
  nbits: number;
  ntime: number;
  /** 32 bytes, little-endian, as the digest's bytes read. */
  share_target: Uint8Array;
}

/** A found share, already checked again by the portable path. */
export interface Share {
  job_id: string;
  extranonce2: Uint8Array;
  ntime: number;
  nonce: number;
  /** The rolled bits inside the mask; null when the job allows no rolling. */
  version_bits: number | null;
  header: Uint8Array;
  /** Wire order. */
  hash: Uint8Array;
}

export interface MinerOptions {
  /** 0 or nothing means one for each CPU this process may use. */
  threads?: number;
  /** Nice value of the mining threads, 0 … 19; 19 gives way to everything. */
  nice?: number;
  /** A kernel by name; the fastest one when absent. */
  kernel?: string | undefined;
}

export interface MinerCounters {
  kernel: string;
  /** Hashes since start, by thread. */
  thread_hashes: number[];
  /** Hits that the portable path did not confirm. */
  hardware_errors: number;
  /** Time that the threads spent searching, summed over them. */
  search_ms: number;
}

export interface KernelInfo {
  /** `sha256d/avx512` */
  name: string;
  lanes: number;
  /** The CPU can run it. */
  supported: boolean;
  /** It is supported and not masked away. */
  active: boolean;
}

export interface BenchOptions {
  /** 0 or nothing means one for each CPU this process may use. */
  threads?: number;
  duration_ms?: number;
  /** Rolled versions that share a schedule, 1 … 4: four where a pool allows version rolling, else one. */
  versions?: number;
  kernel?: string | undefined;
}

export interface NonceSearch {
  kernel: string;
  /** 1 … 4 headers of 80 bytes that differ in their first 64 bytes only. */
  headers: Uint8Array;
  /** Multiples of 16. */
  first: number;
  count: number;
  /** Highest value of a hit's most significant 32 bits. */
  bound: number;
}

export interface NonceHit {
  nonce: number;
  /** Index of the header. */
  version: number;
}

/**
 * Mining threads behind one job at a time. They start asleep; `setJob` wakes them or moves them over within a few milliseconds.
 * A running miner keeps the process alive: `stop` it.
 */
export class Miner {
  readonly #native: InstanceType<typeof native.NativeMiner>;

  constructor(options: MinerOptions, dependencies: { onShare: (share: Share) => void }) {
    const { threads = 0, nice = 19, kernel } = options;
    this.#native = new native.NativeMiner({ threads, nice, kernel }, dependencies.onShare);
  }

  setJob(job: MinerJob): void {
    this.#native.setJob(job);
  }

  /** Threads sleep until the next job. */
  pause(): void {
    this.#native.pause();
  }

  /** Of each moment, how much the threads spend searching: 1 … 100 percent, 100 at first. Kept from job to job. */
  setIntensity(percent: number): void {
    this.#native.setIntensity(percent);
  }

  counters(): MinerCounters {
    return this.#native.counters();
  }

  /** Joins the threads (a few milliseconds); shares found and not yet reported are dropped. */
  stop(): void {
    this.#native.stop();
  }
}

/** Hashes a second of this machine, all threads together. */
export function benchSha256d(options: BenchOptions = {}): Promise<number> {
  const { threads = 0, duration_ms = 1000, versions = 4, kernel } = options;
  return native.benchSha256d({ threads, duration_ms, versions, kernel });
}

/** All kernels of this build, whether or not this CPU can run them. */
export const kernels = (): KernelInfo[] => native.kernels();
/** The kernel that a miner without a `kernel` would use: the fastest in a short measurement on this CPU. */
export const fastestKernel = (): string => native.fastestKernel();
/** One search on the calling thread, for checks on known headers. */
export const scanNonces = (search: NonceSearch): NonceHit[] => native.scanNonces(search);
