/** The load generator's face: a crowd of Stratum miners for measuring any pool, and the yardstick that answers without hashing. */
import { native } from "./addon.ts";

export interface CrowdOptions {
  /** IPv4 address in numbers. */
  host: string;
  port: number;
  workers: number;
  /** Addresses 127.1.0.1, 127.1.0.2, … to connect from; 0 leaves it to the system, which is enough for about 28,000 connections. */
  source_addresses: number;
  /** `#` stands for the worker's number. */
  user: string;
  password: string;
}

export interface LoadOptions {
  duration_s: number;
  /** Shares a second over all workers; 0 keeps `in_flight` submits open on each connection instead. */
  rate: number;
  in_flight: number;
}

export interface LoadResult {
  elapsed_s: number;
  sent: number;
  accepted: number;
  /** By error code. */
  refused: Record<string, number>;
  /** Due, but not sent because the connection had too many open submits. */
  skipped: number;
  disconnected: number;
  /** Answer times, from when a submit was due. */
  p50_ms: number;
  p99_ms: number;
  p999_ms: number;
}

/** When a job reached the crowd, by CLOCK_MONOTONIC. */
export interface JobArrival {
  job_id: string;
  miners: number;
  first_ms: number;
  last_ms: number;
}

interface NativeCrowd {
  connected(): Promise<void>;
  run(options: LoadOptions): Promise<LoadResult>;
  ready(): number;
  arrivals(): JobArrival[];
  close(): void;
}

interface NativePlainServer {
  port(): number;
  broadcast(line: string): void;
  close(): void;
}

const exported = native as unknown as {
  NativeCrowd: new (options: CrowdOptions) => NativeCrowd;
  NativePlainServer: new (job_line: string) => NativePlainServer;
};

/** Connects `workers` miners; resolves when each has a job. Rejects with a sentence when they are not let in. */
export async function connectCrowd(options: CrowdOptions): Promise<StratumCrowd> {
  const crowd = new exported.NativeCrowd(options);
  await crowd.connected();
  return new StratumCrowd(crowd);
}

export class StratumCrowd {
  readonly #crowd: NativeCrowd;

  constructor(crowd: NativeCrowd) {
    this.#crowd = crowd;
  }

  /** Loads the pool for a while. One run at a time. */
  run(options: Partial<LoadOptions> & { duration_s: number }): Promise<LoadResult> {
    return this.#crowd.run({ rate: 0, in_flight: 1, ...options });
  }

  /** Miners that are connected and have a job. */
  get ready(): number {
    return this.#crowd.ready();
  }

  /** The last jobs that came, oldest first. */
  arrivals(): JobArrival[] {
    return this.#crowd.arrivals();
  }

  close(): void {
    this.#crowd.close();
  }
}

/** A server that answers every submit with `true` unseen: the kernel's own price for a receive and a send. */
export class PlainServer {
  readonly #server: NativePlainServer;
  readonly port: number;

  constructor(job_line: string) {
    this.#server = new exported.NativePlainServer(job_line);
    this.port = this.#server.port();
  }

  /** Sends a line to every connection. */
  broadcast(line: string): void {
    this.#server.broadcast(line);
  }

  close(): void {
    this.#server.close();
  }
}
