/** An engine on a free port with a share log of its own, and the policy of a small pool. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SHARE_RESULTS } from "@otedama/shared";
import {
  type AuthorizeEvent,
  type AuthorizeResult,
  createStratumEngine,
  type EngineEvent,
  type EngineJob,
  type EngineLimits,
  type EngineOptions,
  SHARE_RECORD_BYTES,
  SHARE_SEGMENT_HEADER_BYTES,
  type StratumEngine,
  type VardiffOptions,
} from "../../src/engine.ts";
import { RawMiner } from "./raw_miner.ts";

/** Easy enough for JavaScript: about 430 hashes. */
export const EASY = 1e-7;
export const NTIME = 0x6756f300;

export interface Overrides {
  options?: Partial<EngineOptions>;
  limits?: Partial<EngineLimits>;
  vardiff?: Partial<VardiffOptions>;
  dir?: string;
  onEvent?: (event: EngineEvent, fixture: Fixture) => void;
  authorize?: (event: AuthorizeEvent) => AuthorizeResult | null;
}

export interface Fixture {
  engine: StratumEngine;
  port: number;
  dir: string;
  events: EngineEvent[];
  miners: RawMiner[];
  connect(options?: { localAddress?: string }): Promise<RawMiner>;
  /** Resolves with the first event so far or to come that is wanted. */
  event<Kind extends EngineEvent["kind"]>(
    kind: Kind,
    wanted?: (event: Extract<EngineEvent, { kind: Kind }>) => boolean,
  ): Promise<Extract<EngineEvent, { kind: Kind }>>;
  stop(): Promise<void>;
}

export const LIMITS: EngineLimits = {
  connections_max: 1000,
  connections_per_address_max: 1000,
  connects_per_address_per_s: 10_000,
  line_bytes_max: 8192,
  output_bytes_max: 1 << 18,
  messages_per_s: 100_000,
  handshake_timeout_s: 30,
  idle_timeout_s: 600,
  ban_invalid_ratio: 1,
  ban_after_shares: 1_000_000,
  ban_s: 60,
};

export function engineOptions(dir: string, overrides: Overrides = {}): EngineOptions {
  return {
    listen: [{ host: "127.0.0.1", port: 0 }],
    threads: 2,
    extranonce_prefix: 0xab12,
    version_mask: 0x1fffe000,
    ack: "durable",
    vardiff: { enabled: false, initial: EASY, min: 1e-10, max: 1e9, target_interval_s: 5, ...overrides.vardiff },
    share_log: { dir, instance_id: "test-1", segment_bytes_max: 1 << 20 },
    limits: { ...LIMITS, ...overrides.limits },
    ...overrides.options,
  };
}

let nextWorker = 1;
const workers = new Map<string, number>();

export function workerId(user: string): number {
  const known = workers.get(user) ?? nextWorker++;
  workers.set(user, known);
  return known;
}

function allow(event: AuthorizeEvent): AuthorizeResult {
  if (event.user.startsWith("bad")) return { accepted: false, message: "no such account" };
  const difficulty = /^d=(.+)$/.exec(event.password)?.[1];
  return { accepted: true, worker_id: workerId(event.user), difficulty: difficulty ? Number(difficulty) : null };
}

export function startFixture(overrides: Overrides = {}): Fixture {
  const dir = overrides.dir ?? mkdtempSync(join(tmpdir(), "otedama-engine-"));
  const waiting: (() => void)[] = [];
  const events: EngineEvent[] = [];
  const engine = createStratumEngine(engineOptions(dir, overrides), {
    onEvent(event) {
      events.push(event);
      if (event.kind === "authorize") {
        const result = (overrides.authorize ?? allow)(event);
        if (result) engine.authorizeResult(event.connection_id, event.request_number, result);
      }
      overrides.onEvent?.(event, fixture);
      if (event.kind === "block" && !overrides.onEvent) engine.blockStored(event.candidate_id);
      for (const wake of waiting.splice(0)) wake();
    },
  });
  const [bound] = engine.start();
  const fixture: Fixture = {
    engine,
    port: bound?.port ?? 0,
    dir,
    events,
    miners: [],
    async connect(options) {
      const miner = await RawMiner.connect(fixture.port, options);
      fixture.miners.push(miner);
      return miner;
    },
    async event(kind, wanted = () => true) {
      for (;;) {
        const found = events.find((event) => event.kind === kind && wanted(event as never));
        if (found) return found as never;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    async stop() {
      for (const miner of fixture.miners) miner.close();
      await engine.stop();
      if (overrides.dir === undefined) rmSync(dir, { recursive: true, force: true });
    },
  };
  return fixture;
}

/** Jobs that differ in all that may differ; `nbits` of difficulty 1 unless a block is wanted. */
export function makeJob(job_number: number, overrides: Partial<EngineJob> = {}): EngineJob {
  const fill = (bytes: number, seed: number) =>
    Uint8Array.from({ length: bytes }, (_, i) => (seed * 31 + i * 7 + job_number) & 255);
  return {
    job_number,
    height: 800_000 + job_number,
    prev_hash: fill(32, 1),
    coinbase_prefix: fill(62, 2),
    coinbase_suffix: fill(90, 3),
    merkle_branches: fill(32 * 5, 4),
    version: 0x20000000,
    nbits: 0x1d00ffff,
    ntime: NTIME,
    clean: true,
    template_at_ms: Number(process.hrtime.bigint()) / 1e6,
    ...overrides,
  };
}

export interface LogRecord {
  kind: number;
  result: (typeof SHARE_RESULTS)[number] | undefined;
  worker_id: number;
  job_number: number;
  job_difficulty: number;
  share_difficulty: number;
  sequence: bigint;
  hash: string;
  /** CRC-32C as stored. */
  crc: number;
  bytes: Buffer;
}

/** Reads a whole share log as engine_types.ts describes it. */
export function readLog(dir: string): LogRecord[] {
  const names = readdirSync(dir).filter((name) => name.endsWith(".sharelog"));
  return names.sort().flatMap((name) => {
    const data = readFileSync(join(dir, name));
    const records: LogRecord[] = [];
    for (let at = SHARE_SEGMENT_HEADER_BYTES; at + SHARE_RECORD_BYTES <= data.length; at += SHARE_RECORD_BYTES) {
      const bytes = data.subarray(at, at + SHARE_RECORD_BYTES);
      records.push({
        crc: bytes.readUInt32LE(0),
        kind: bytes.readUInt8(4),
        result: SHARE_RESULTS[bytes.readUInt8(5)],
        worker_id: bytes.readUInt32LE(16),
        job_number: bytes.readUInt32LE(20),
        job_difficulty: bytes.readDoubleLE(24),
        share_difficulty: bytes.readDoubleLE(32),
        sequence: bytes.readBigUInt64LE(40),
        hash: Buffer.from(bytes.subarray(48, 80)).reverse().toString("hex"),
        bytes,
      });
    }
    return records;
  });
}
