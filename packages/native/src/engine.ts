/**
 * The Stratum engine's face: checks what it is given, in sentences that name the field, and speaks `engine_types.ts`.
 */
import { cpus } from "node:os";
import { native } from "./addon.ts";
import { checkEngineJob, checkEngineOptions, checkVardiffOptions } from "./engine_checks.ts";
import type {
  CreateStratumEngine,
  EngineEvent,
  EngineJob,
  EngineOptions,
  EngineSession,
  EngineStats,
  VardiffOptions,
} from "./engine_types.ts";

export * from "./engine_types.ts";

interface NativeEngine {
  start(): { host: string; port: number }[];
  stop(): Promise<void>;
  takeOver(path: string): { host: string; port: number }[];
  offerTakeover(path: string): void;
  setJob(job: EngineJob): void;
  setExtranoncePrefix(prefix: number): void;
  setVardiff(vardiff: VardiffOptions): void;
  authorizeResult(
    connection_id: number,
    request_number: number,
    accepted: boolean,
    worker_id: number,
    difficulty: number,
    message: string,
  ): void;
  blockStored(candidate_id: number): void;
  logBlock(hash: Uint8Array, worker_id: number, job_number: number, share_difficulty: number, found_at_ms: number): boolean;
  setDifficulty(connection_id: number, difficulty: number): void;
  sendLine(line: string, connection_id?: number): void;
  ban(address: string, seconds: number, reason: string): void;
  stats(): EngineStats;
  sessions(): EngineSession[];
}

interface NativeVardiff {
  onShare(share_difficulty: number, network_difficulty: number, now_ms: number): number;
  onTimer(network_difficulty: number, now_ms: number): number;
  nextTimerMs(): number;
}

interface NativeExports {
  NativeEngine: new (options: Required<EngineOptions>, onEvents: (events: EngineEvent[]) => void) => NativeEngine;
  NativeVardiff: new (options: VardiffOptions, difficulty: number, floor: number, now_ms: number) => NativeVardiff;
}

const exported = native as unknown as NativeExports;

/** Longest text of `client.show_message`. */
const MESSAGE_CHARACTERS_MAX = 500;

function notification(method: string, params: unknown[]): string {
  return `${JSON.stringify({ id: null, method, params })}\n`;
}

function withDefaults(options: EngineOptions): Required<EngineOptions> {
  return {
    ...options,
    threads: options.threads === 0 ? cpus().length || 1 : options.threads,
    limits: { workers_per_connection_max: 64, slow_reader_timeout_s: 30, ...options.limits },
    allow: options.allow ?? [],
    deny: options.deny ?? [],
    trusted_proxies: options.trusted_proxies ?? [],
    tls: options.tls ?? { connections_max: 0 },
  };
}

export const createStratumEngine: CreateStratumEngine = (options, { onEvent }) => {
  checkEngineOptions(options);
  const engine = new exported.NativeEngine(withDefaults(options), (events) => {
    for (const event of events) onEvent(event);
  });
  let stopped: Promise<void> | undefined;
  return {
    start: () => engine.start(),
    takeOver: (path) => engine.takeOver(path),
    offerTakeover: (path) => engine.offerTakeover(path),
    setJob(job) {
      checkEngineJob(job);
      engine.setJob(job);
    },
    setExtranoncePrefix(prefix) {
      if (!Number.isInteger(prefix) || prefix < 0 || prefix > 0xffff) throw new RangeError("extranonce prefix must be 0 … 65535");
      engine.setExtranoncePrefix(prefix);
    },
    setVardiff(vardiff) {
      checkVardiffOptions(vardiff);
      engine.setVardiff(vardiff);
    },
    authorizeResult(connection_id, request_number, result) {
      if (result.accepted) {
        if (!Number.isInteger(result.worker_id) || result.worker_id < 1 || result.worker_id > 0xffffffff) {
          throw new RangeError("worker_id must be 1 … 4294967295");
        }
        engine.authorizeResult(connection_id, request_number, true, result.worker_id, result.difficulty ?? 0, "");
      } else {
        engine.authorizeResult(connection_id, request_number, false, 0, 0, result.message);
      }
    },
    blockStored: (candidate_id) => engine.blockStored(candidate_id),
    logBlock({ hash, worker_id, job_number, share_difficulty, found_at_ms }) {
      if (!/^[0-9a-f]{64}$/.test(hash)) throw new RangeError("hash must be 64 hex digits");
      return engine.logBlock(Buffer.from(hash, "hex").reverse(), worker_id, job_number, share_difficulty, found_at_ms);
    },
    setDifficulty(connection_id, difficulty) {
      if (!(difficulty > 0)) throw new RangeError("difficulty must be above 0");
      engine.setDifficulty(connection_id, difficulty);
    },
    showMessage: (text, connection_id) =>
      engine.sendLine(notification("client.show_message", [text.slice(0, MESSAGE_CHARACTERS_MAX)]), connection_id),
    reconnect: ({ host, port, wait_s }, connection_id) =>
      engine.sendLine(notification("client.reconnect", host === "" ? [] : [host, port, wait_s]), connection_id),
    ban: (address, seconds, reason) => engine.ban(address, seconds, reason),
    stats: () => engine.stats(),
    sessions: () => engine.sessions(),
    stop() {
      stopped ??= engine.stop();
      return stopped;
    },
  };
};

/** The engine's own vardiff, for simulation: the same pure function, with the time given. */
export class VardiffSimulation {
  readonly #vardiff: NativeVardiff;
  difficulty: number;

  constructor(options: VardiffOptions, start: { difficulty: number; floor: number; now_ms: number }) {
    this.#vardiff = new exported.NativeVardiff(options, start.difficulty, start.floor, start.now_ms);
    this.difficulty = start.difficulty;
  }

  /** A share judged by `share_difficulty`; returns the difficulty from now on. `network_difficulty` 0 stands for no bound. */
  onShare(share_difficulty: number, now_ms: number, network_difficulty = 0): number {
    this.difficulty = this.#vardiff.onShare(share_difficulty, network_difficulty, now_ms);
    return this.difficulty;
  }

  onTimer(now_ms: number, network_difficulty = 0): number {
    this.difficulty = this.#vardiff.onTimer(network_difficulty, now_ms);
    return this.difficulty;
  }

  nextTimerMs(): number {
    return this.#vardiff.nextTimerMs();
  }
}
