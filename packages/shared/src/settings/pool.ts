/**
 * The resolved settings of one pool process. The command line makes them from config.yaml, environment and flags, writes
 * them to a file only its owner can read, and starts `apps/pool/src/main.ts --settings FILE`.
 */
import { z } from "zod";
import { DatabaseUrl, HubLink, ListenAddress, LogLevel, Network, NetworkRange } from "./common.ts";
import { PoolPolicy } from "./policy.ts";
import { PayoutSettings } from "./signer.ts";

export const CHAIN_NODES_MAX = 8;

/** A publisher's address: TCP, or a socket file on this machine. */
export const ZmqAddress = z
  .string()
  .max(300)
  .regex(/^(tcp:\/\/(\[[0-9a-fA-F:.]+\]|[^/:@\s*]+):\d{1,5}|ipc:\/\/\/\S+)$/, "must look like tcp://HOST:PORT or ipc:///PATH");

export const ChainNodeSettings = z.strictObject({
  /** JSON-RPC address of a Bitcoin Core compatible node, without credentials: `http://127.0.0.1:8332`. */
  url: z.url(),
  user: z.string().max(256).default(""),
  password: z.string().max(256).default(""),
  /** Where it publishes `hashblock` or `rawblock` (ZeroMQ): `tcp://127.0.0.1:28332`. Null where it does not. */
  zmq: ZmqAddress.nullable().default(null),
});
export type ChainNodeSettings = z.infer<typeof ChainNodeSettings>;

const NetworkList = z.array(NetworkRange).max(1000).default([]);

/** Stratum over TLS, on the same ports. */
export const StratumTlsSettings = z.strictObject({
  /** PEM: the certificate and those that it needs up to the authority's. */
  cert_file: z.string().min(1).max(4096),
  key_file: z.string().min(1).max(4096),
  connections_max: z.int().min(1).max(1_000_000).default(10_000),
});
export type StratumTlsSettings = z.infer<typeof StratumTlsSettings>;

export const StratumSettings = z.strictObject({
  listen: z.array(ListenAddress).min(1).max(16),
  /** Engine threads; 0 means one for each core. */
  threads: z.int().min(0).max(256).default(0),
  /** When false every connection keeps the policy's initial difficulty (or the miner's own `d=`). */
  var_diff: z.boolean().default(true),
  /** Bits of the block version a miner may roll (BIP 310), eight hex digits. */
  version_mask: z
    .string()
    .regex(/^[0-9a-f]{8}$/)
    .default("1fffe000"),
  connections_max: z.int().min(1).max(2_000_000).default(100_000),
  connections_per_address_max: z.int().min(1).default(10_000),
  /** 0: as many as come. */
  connects_per_address_per_s: z.number().min(0).max(1e6).default(200),
  /** Of one connection; 0: as many as come. */
  messages_per_s: z.number().min(0).max(1e6).default(200),
  workers_per_connection_max: z.int().min(1).max(65_536).default(64),
  /** Seconds that a connection may take to log in, to say nothing, and to leave what it is sent unread. */
  handshake_timeout_s: z.number().min(0.1).max(86_400).default(30),
  idle_timeout_s: z.number().min(0.1).max(2_592_000).default(600),
  slow_reader_timeout_s: z.number().min(0.1).max(86_400).default(30),
  /** Refused shares over all of a connection, from `ban_after_shares` on, above which its address is banned. */
  ban_invalid_ratio: z.number().min(0).max(1).default(0.5),
  /** 0: never. */
  ban_after_shares: z.int().min(0).max(1_000_000_000).default(500),
  /** A first ban; each further one within a day is four times as long, up to a day. */
  ban_s: z.number().min(1).max(31_536_000).default(300),
  /** Who may connect; empty lets everybody in. */
  allow: NetworkList,
  /** Who may not, whatever `allow` says. */
  deny: NetworkList,
  /** Balancers whose PROXY protocol header is required and believed. */
  trusted_proxies: NetworkList,
  tls: StratumTlsSettings.nullable().default(null),
  /** `durable`: a share is answered after it is on disk. `fast`: answered first. */
  ack: z.enum(["durable", "fast"]).default("durable"),
});
export type StratumSettings = z.infer<typeof StratumSettings>;

export const PoolSettings = z.strictObject({
  data_dir: z.string().min(1),
  log_level: LogLevel,
  /** Names this instance in the share log, the database and on the screen. */
  instance_id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
  /** First two bytes of every extranonce1 this instance gives out: unique over all instances of one pool. */
  extranonce_prefix: z.int().min(0).max(0xffff),
  network: Network,
  nodes: z.array(ChainNodeSettings).min(1).max(CHAIN_NODES_MAX),
  /** Blocks between two halvings of the subsidy, for a chain with rules of its own; null: those of `network`. */
  halving_interval_blocks: z.int().min(1).nullable().default(null),
  stratum: StratumSettings,
  pool: z.strictObject({
    name: z.string().min(1).max(64),
    /** Where the coinbase pays. The pool knows no key for it. */
    payout_address: z.string().min(1).max(128),
    /** Confirmations after which a coinbase can be spent. */
    maturity_confirmations: z.int().min(1).max(1000).default(100),
  }),
  /** What the settings file asks for; what the pool runs by is the newest version in the database. */
  policy: PoolPolicy,
  /** Who signs payouts, and what may be spent. What is paid when is the policy's. */
  payouts: PayoutSettings.prefault({}),
  database_url: DatabaseUrl,
  /** What is kept so that miners can check the receipts of blocks. */
  receipts: z
    .strictObject({
      /** Days after which the shares themselves are dropped; the receipts stay. */
      keep_days: z.int().min(1).max(3650).default(30),
      /** Of one block; beyond it only the sums are kept. */
      shares_kept_max: z.int().min(0).max(1_000_000_000).default(20_000_000),
    })
    .prefault({}),
  /** Of shares in the database. */
  retention: z
    .strictObject({
      /** Days for which they are kept by worker and ten seconds. */
      bucket_days: z.int().min(3).max(3650).default(7),
    })
    .prefault({}),
  /** The control plane; null runs the pool by itself. */
  hub: HubLink.nullable(),
  metrics: ListenAddress.nullable(),
});
export type PoolSettings = z.infer<typeof PoolSettings>;
