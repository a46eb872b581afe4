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
  /** Bits of the block version that miners may roll (BIP 310). */
  version_mask: number;
  ack: "durable" | "fast";
  vardiff: VardiffOptions;
  share_log: ShareLogOptions;
  limits: EngineLimits;
  /** Networks (`10.0.0.0/8`, `::1`) that may connect; absent or empty lets everybody in. */
  allow?: string[];
  /** Networks that may not connect; goes before `allow`. */
  deny?: string[];
  /** Balancers whose PROXY protocol header (v1 or v2) is required and believed. */
  trusted_proxies?: string[];
  /** TLS on the same ports, spoken by TypeScript (`TlsEvent`); absent closes a connection that begins with a TLS handshake. */
  tls?: { connections_max: number };
}

export interface EngineDependencies {
  /**
   * Called on the JavaScript thread, in the order in which the engine raised them. Must not throw: an exception here is an
   * uncaught exception of the process.
   */
  onEvent: (event: EngineEvent) => void;
}

/** Difficulties are fractional; a connection's is never above its job's network difficulty. */
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
  /** Workers one connection may authorise; 64 when absent. */
  workers_per_connection_max?: number;
  /** Unsent bytes after which a slow reader is cut off. */
  output_bytes_max: number;
  messages_per_s: number;
  /** Seconds a connection may take to subscribe and authorise. */
  handshake_timeout_s: number;
  /** Seconds without any message after which a connection is closed. */
  idle_timeout_s: number;
  /** Seconds that unsent bytes may wait for a reader; 30 when absent. */
  slow_reader_timeout_s?: number;
  /** Share of invalid submits (0 … 1) over at least `ban_after_shares` that earns a ban. */
  ban_invalid_ratio: number;
  ban_after_shares: number;
  /** Length of a first ban; each further ban of the address within a day is four times as long, up to a day. */
  ban_s: number;
}

/** Everything the engine needs to send a job, judge its shares and hand up a block. */
export interface EngineJob {
  /** 1 … 2³²−1; rises by at least one with every job of this pool, restarts included; the wire's job id is made from it. */
  job_number: number;
  height: number;
  /** 32 bytes as they stand in the block header. */
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
  /** CLOCK_MONOTONIC, ms (`Number(process.hrtime.bigint()) / 1e6`): when the template arrived, for `notify_ms`. */
  template_at_ms: number;
}

/**
 * extranonce1 is `extranonce_prefix` (2 bytes, big-endian) and four engine bytes, which begin at a random number and count up:
 * a million connections fit many times, and a number does not come back while a job lives that used it, not even over a restart.
 * extranonce2 is what the miner rolls: eight bytes, so that a rented-out or proxied connection can be divided further.
 * The coinbase holds both between its prefix and its suffix: `EXTRANONCE1_BYTES + EXTRANONCE2_BYTES` bytes.
 */
export const EXTRANONCE1_BYTES = 6;
export const EXTRANONCE2_BYTES = 8;

export type EngineEvent = AuthorizeEvent | BlockEvent | ClosedEvent | BannedEvent | FaultEvent | HandedOverEvent | TlsEvent;

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
      /** Difficulty asked for by the login (`d=`): the connection starts there and vardiff does not go below it. */
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
  /** Whole coinbase without witness: prefix, extranonces, suffix. */
  coinbase: Uint8Array;
  /** Big-endian display order, hex. */
  hash: string;
  share_difficulty: number;
  at_ms: number;
  /** False when the engine also judged it stale or duplicate. */
  accepted: boolean;
}

/** A block that has no record in the share log. */
export interface LateBlock {
  /** Display order, hex. */
  hash: string;
  worker_id: number;
  job_number: number;
  share_difficulty: number;
  found_at_ms: number;
}

/** Raised only for a connection of which an `AuthorizeEvent` was raised before. */
export interface ClosedEvent {
  kind: "closed";
  connection_id: number;
  /** peer, idle, handshake, slow_reader, line_too_long, flood, protocol, limit, banned, stopped, handed_over, tls_not_configured */
  reason: string;
}

export interface BannedEvent {
  kind: "banned";
  remote_address: string;
  reason: string;
  seconds: number;
}

/**
 * `share_log`: it cannot be written (disk full, I/O error), and shares are refused until it can; `message` is null when it can again.
 * `takeover`: another process tried to take over and failed; this engine goes on.
 */
export interface FaultEvent {
  kind: "fault";
  part: "share_log" | "takeover";
  message: string | null;
}

/**
 * A miner that speaks TLS. The engine hands its socket over and goes on with the connection at the other end of `plain_fd`, a Unix stream
 * socket: whoever takes the event decrypts `head` and what `fd` brings after it into `plain_fd`, encrypts what comes from there, and
 * ends each side when the other ends. Both descriptors are the receiver's to close. Limits, bans and time-outs stay the engine's, the
 * one for logging in included, which so bounds the TLS handshake; what is over one is closed at the plain side.
 */
export interface TlsEvent {
  kind: "tls";
  fd: number;
  plain_fd: number;
  /** The miner's first bytes, which the engine has read. */
  head: Uint8Array;
  remote_address: string;
}

/** Another process has the listeners, connections and jobs; nothing is left here but `stop`. */
export interface HandedOverEvent {
  kind: "handed_over";
}

export interface EngineStats {
  connections: number;
  subscribed: number;
  authorized: number;
  /** Connections that speak TLS. */
  tls_connections: number;
  /**
   * By `SHARE_RESULTS` of the shared package, since start. Each is also a record of the share log, except `unauthorized`, which has
   * no worker to belong to.
   */
  shares: number[];
  /** Submits before a subscription (error 25), in none of `shares`. */
  not_subscribed: number;
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
  /**
   * `segment` and `bytes` say up to where the log is on disk. A reader that follows the log live must not read past it: records
   * after it are not acknowledged and are cut off if the disk fails.
   */
  share_log: { segment: number; bytes: number; records: number; syncs: number; faulted: boolean };
}

export const HISTOGRAM_BOUNDS_MS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000] as const;

/** One live login (a connection has one for each worker it authorised). Times are Unix ms. */
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
  /**
   * Instead of `start`, in a newer process: takes listeners, connections and jobs from the engine that offers them at this Unix socket,
   * and goes on with its share log. Miners keep their connection, extranonce1, difficulty and jobs. Connection ids are new, and worker
   * ids are in `sessions()`. Throws a sentence when there is nothing to take over; the other engine then goes on.
   */
  takeOver(path: string): { host: string; port: number }[];
  /** From now on a newer process of the same user may take over at this Unix socket; `handed_over` says that one has. */
  offerTakeover(path: string): void;
  /** Sends a job to every miner. The first may come before `start`. Throws a sentence naming a wrong field. */
  setJob(job: EngineJob): void;
  /**
   * Changes the first two bytes of extranonce1 for new connections, and at once for those that asked for
   * `mining.extranonce.subscribe`; the others keep theirs until they connect again.
   */
  setExtranoncePrefix(prefix: number): void;
  /** For new connections, and for the others from their next change of difficulty on. Throws a sentence naming a wrong field. */
  setVardiff(vardiff: VardiffOptions): void;
  authorizeResult(connection_id: number, request_number: number, result: AuthorizeResult): void;
  blockStored(candidate_id: number): void;
  /**
   * Writes the record of a block that the log has none of, because the process ended before a full disk could take it: the block is in the log
   * then, its share counts for nothing (`invalid`). False while the log cannot be written. What a fault of this process's own log
   * refused comes into the log by itself, in its order and before anything else, when the log is written again.
   */
  logBlock(block: LateBlock): boolean;
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
 * Segments count up from 1, one after the other; sequences rise, and skip the records that a failed disk refused.
 *
 * header: 0 "OTDSHARE", 8 u32 version (1), 12 u32 record bytes, 16 u64 segment, 24 u64 created ms, 32 instance id (32 bytes, NUL padded)
 * record: 0 u32 CRC-32C of bytes 4…79, 4 u8 kind (1 share, 2 block candidate), 5 u8 result (index in SHARE_RESULTS), 6 u16 zero,
 *         8 u64 time ms, 16 u32 worker id, 20 u32 job number, 24 f64 job difficulty (0 of one that was refused unjudged), 32 f64 share difficulty,
 *         40 u64 sequence, 48 block hash (32 bytes, wire order)
 */
export const SHARE_SEGMENT_HEADER_BYTES = 64;
export const SHARE_RECORD_BYTES = 80;

/** `createStratumEngine` of `@otedama/native/engine`. Throws a sentence naming a wrong option; opens nothing before `start`. */
export type CreateStratumEngine = (options: EngineOptions, dependencies: EngineDependencies) => StratumEngine;
