/** How the pool reaches whoever signs its payouts, and what the reference signer is started with. */
import { z } from "zod";
import { ListenAddress, LogLevel, Network } from "./common.ts";

/** `http://127.0.0.1:9735`, or `unix:/run/otedama/signer.sock`. */
export const SignerUrl = z
  .string()
  .max(4096)
  .regex(/^(https?:\/\/[^\s]+|unix:\/[^\s]+)$/, "must look like http://127.0.0.1:9735 or unix:/run/otedama/signer.sock");

export const SignerLink = z.discriminatedUnion("kind", [
  /** `otedama signer`, or anything that speaks as it does. */
  z.strictObject({ kind: z.literal("reference"), url: SignerUrl, token: z.string().min(16).max(256) }),
  /** Wallet RPC of a Bitcoin Core compatible node: `http://127.0.0.1:8332/wallet/payouts`. */
  z.strictObject({
    kind: z.literal("wallet"),
    url: z.url(),
    user: z.string().max(256).default(""),
    password: z.string().max(256).default(""),
  }),
  /** A person downloads the PSBT, signs it and uploads it. */
  z.strictObject({ kind: z.literal("file") }),
  /** Gets the PSBT (base64) on standard input and answers with it on standard output. Started without a shell. */
  z.strictObject({
    kind: z.literal("command"),
    command: z.array(z.string().min(1).max(4096)).min(1).max(64),
    timeout_s: z.number().min(1).max(3600).default(60),
  }),
]);
export type SignerLink = z.infer<typeof SignerLink>;

export const PayoutSettings = z.strictObject({
  signer: SignerLink.default({ kind: "file" }),
  /** Of the PSBTs given out: BIP 174 or BIP 370. */
  psbt_version: z.union([z.literal(0), z.literal(2)]).default(0),
  /** Outputs that these descriptors describe may be spent; the node is asked for them (`scantxoutset`). */
  descriptors: z.array(z.string().min(1).max(2000)).max(20).default([]),
  descriptor_scan_minutes: z.number().min(1).max(10_080).default(60),
  /** How often the executor looks, beside being woken by new blocks. */
  poll_ms: z.int().min(50).max(600_000).default(5_000),
});
export type PayoutSettings = z.infer<typeof PayoutSettings>;

const Sats = z.int().min(0).max(2_100_000_000_000_000);

/** What the reference signer signs, whatever it is asked for. */
export const SignerLimits = z.strictObject({
  /** Paid to others in one transaction. */
  transaction_sats_max: Sats,
  /** Paid to others in 24 hours. */
  day_sats_max: Sats,
  fee_sats_max: Sats,
  /** Satoshis a virtual byte. */
  fee_rate_max: z.number().positive().max(10_000),
  outputs_max: z.int().min(1).max(10_000),
});
export type SignerLimits = z.infer<typeof SignerLimits>;

export const SignerSettings = z.strictObject({
  /** Holds the counter of what was signed. The pool never opens it. */
  data_dir: z.string().min(1),
  log_level: LogLevel,
  network: Network,
  listen: z.union([z.strictObject({ socket: z.string().min(1).max(100) }), ListenAddress]),
  token: z.string().min(16).max(256),
  /** Made at the first start where it is missing. */
  key_file: z.string().min(1),
  /** Encrypts the key file; null keeps it readable by its owner. */
  passphrase: z.string().min(8).max(1024).nullable().default(null),
  limits: SignerLimits,
});
export type SignerSettings = z.infer<typeof SignerSettings>;
