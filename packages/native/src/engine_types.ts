/**
 * The boundary between the native Stratum engine and the pool, one type for each message.
 *
 * The engine (C++, one epoll loop a thread) owns sockets, frames, parsing, share validation, duplicates, vardiff, the share log
 * and broadcast. It calls into JavaScript only for what is rare: a login, a block candidate, a connection that closed, a fault.
 * No JavaScript runs on the path of a valid `mining.submit`. The pool (TypeScript) owns accounts, jobs, limits and money.
 *
 * Byte arrays are in wire order (as hashed) unless a name says otherwise.
 */

export interface EngineOptions {
  listen: { host: string; port: number }[];
  /** 0 means one for each core. */
  threads: number;
  /** First two bytes of each extranonce1. */
  extranonce_prefix: number;
  version_mask: number;
  ack: "durable" | "fast";
  vardiff: VardiffOptions;
  share_log: ShareLogOptions;
  limits: EngineLimits;
}

export interface VardiffOptions {
  enabled: boolean;
  initial: number;
  min: number;
  max: number;
  target_interval_s: number;
}

export interface ShareLogOptions {
  /** Folder of the segments; made when absent. */
  dir: string;
  instance_id: string;
  segment_bytes_max: number;
}

export interface EngineLimits {
  connections_max: number;
  connections_per_address_max: number;
  /** New connections one address may make in a second. */
  connects_per_address_per_s: number;
  line_bytes_max: number;
  /** Unsent bytes after which a slow reader is cut off. */
  output_bytes_max: number;
  messages_per_s: number;
  /** Seconds a connection may take to subscribe and authorise. */
  handshake_timeout_s: number;
  /** Seconds without any message after which a connection is closed. */
  idle_timeout_s: number;
  /** Share of invalid submits (0 … 1) over at least `ban_after_shares` that earns a ban. */
  ban_invalid_ratio: number;
  ban_after_shares: number;
  ban_s: number;
}

/** Everything the engine needs to send a job, judge its shares and hand up a block. */
export interface EngineJob {
  /** Rises by at least one with every job of this pool, restarts included; the wire's job id is made from it. */
  job_number: number;
  height: number;
  prev_hash: Uint8Array;
  /** Coinbase before extranonce1 and after extranonce2, without witness. */
  coinbase_prefix: Uint8Array;
  coinbase_suffix: Uint8Array;
  /** 32 bytes each, concatenated, from the coinbase up. */
  merkle_branches: Uint8Array;
  version: number;
  nbits: number;
  ntime: number;
  /** True for a new tip: older jobs are stale from now on. */
  clean: boolean;
  /** Monotonic clock, ms: when the template arrived, for the template-to-last-notify histogram. */
  template_at_ms: number;
}

/** extranonce1 is `extranonce_prefix` and two engine bytes; extranonce2 is what the miner rolls. */
export const EXTRANONCE1_BYTES = 4;
export const EXTRANONCE2_BYTES = 8;

export type EngineEvent = AuthorizeEvent | BlockEvent | ClosedEvent | BannedEvent | FaultEvent;

/** A `mining.authorize` to be answered with `authorizeResult`; a connection has at most a few open at once. */
export interface AuthorizeEvent {
  kind: "authorize";
  connection_id: number;
  request_number: number;
  user: string;
  password: string;
  user_agent: string;
  remote_address: string;
}

export type AuthorizeResult =
  | {
      accepted: true;
      /** `worker.id` of the database; carried by every share record. */
      worker_id: number;
      /** Starting difficulty asked for by the login (`d=`); vardiff goes on from it. */
      difficulty: number | null;
    }
  | { accepted: false; message: string };

/**
 * A share that meets the network's target, handed up before it is judged stale or duplicate. The engine has appended its record to
 * the share log and answers the miner when the record is on disk *and* `blockStored` was called.
 */
export interface BlockEvent {
  kind: "block";
  candidate_id: number;
  worker_id: number;
  job_number: number;
  header: Uint8Array;
  /** Whole coinbase without witness. */
  coinbase: Uint8Array;
  /** Big-endian display order, hex. */
  hash: string;
  share_difficulty: number;
  at_ms: number;
  /** False when the engine also judged it stale or duplicate. */
  accepted: boolean;
}

export interface ClosedEvent {
  kind: "closed";
  connection_id: number;
  /** peer, idle, handshake, slow_reader, line_too_long, flood, protocol, limit, banned, stopped */
  reason: string;
}

export interface BannedEvent {
  kind: "banned";
  remote_address: string;
  reason: string;
  seconds: number;
}

/** The share log cannot be written (disk full, I/O error): shares are refused until it can. `message` is null when it can again. */
export interface FaultEvent {
  kind: "fault";
  part: "share_log";
  message: string | null;
}

export interface EngineStats {
  connections: number;
  subscribed: number;
  authorized: number;
  /** By `SHARE_RESULTS` of the shared package, since start. */
  shares: number[];
  blocks: number;
  connects_total: number;
  /** Closed by reason. */
  closed: Record<string, number>;
  refused_connects: number;
  bad_lines: number;
  bytes_in: number;
  bytes_out: number;
  retargets: number;
  bans_active: number;
  /** Cumulative histogram counts over `HISTOGRAM_BOUNDS_MS`, the last one being +Inf, and the sum in ms. */
  answer_ms: { counts: number[]; sum: number };
  notify_ms: { counts: number[]; sum: number; last: number | null };
  share_log: { segment: number; bytes: number; records: number; syncs: number; faulted: boolean };
}

export const HISTOGRAM_BOUNDS_MS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000] as const;

/** One live login (a connection has one for each worker it authorised). */
export interface EngineSession {
  connection_id: number;
  worker_id: number;
  remote_address: string;
  user_agent: string;
  difficulty: number;
  connected_at_ms: number;
  last_share_at_ms: number | null;
}

export interface StratumEngine {
  /** Binds and begins to accept; returns the bound addresses. Throws a sentence naming the port when it is taken. */
  start(): { host: string; port: number }[];
  setJob(job: EngineJob): void;
  authorizeResult(connection_id: number, request_number: number, result: AuthorizeResult): void;
  blockStored(candidate_id: number): void;
  /** Sets a connection's difficulty with its next job, which is sent at once. */
  setDifficulty(connection_id: number, difficulty: number): void;
  showMessage(text: string, connection_id?: number): void;
  /** Asks one or all miners to reconnect, here or elsewhere (`host` "" means here). */
  reconnect(to: { host: string; port: number; wait_s: number }, connection_id?: number): void;
  ban(address: string, seconds: number, reason: string): void;
  stats(): EngineStats;
  sessions(): EngineSession[];
  /** Closes the listeners, flushes replies and the share log, joins the threads. */
  stop(): Promise<void>;
}

/**
 * The share log. A segment is `SHARE_SEGMENT_HEADER_BYTES` of header and then records of `SHARE_RECORD_BYTES`, little-endian;
 * its file is `<instance_id>.<segment, 16 hex digits>.sharelog`. A torn tail (bad CRC in the last segment) is cut at start.
 *
 * header: 0 "OTDSHARE", 8 u32 version (1), 12 u32 record bytes, 16 u64 segment, 24 u64 created ms, 32 instance id (32 bytes, NUL padded)
 * record: 0 u32 CRC-32C of bytes 4…79, 4 u8 kind (1 share, 2 block candidate), 5 u8 result (index in SHARE_RESULTS), 6 u16 zero,
 *         8 u64 time ms, 16 u32 worker id, 20 u32 job number, 24 f64 job difficulty, 32 f64 share difficulty,
 *         40 u64 sequence, 48 block hash (32 bytes, wire order)
 */
export const SHARE_SEGMENT_HEADER_BYTES = 64;
export const SHARE_RECORD_BYTES = 80;
