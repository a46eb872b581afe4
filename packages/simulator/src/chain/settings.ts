import { z } from "zod";

/** What one development chain is started with; written to a file only its owner can read. */
export const ChainSettings = z.strictObject({
  /** Folder of the block database; null keeps the chain in memory. */
  dir: z.string().min(1).nullable(),
  /** JSON-RPC on 127.0.0.1; 0 takes a free port. */
  port: z.int().min(0).max(65535),
  rpc_user: z.string().min(1).max(64),
  rpc_password: z.string().min(1).max(128),
  /**
   * Hashrate that the first difficulty is made for; afterwards Bitcoin's own rule adapts it. Null keeps every block trivially easy,
   * for tests. Matters only when the chain is made.
   */
  hashrate_hps: z.number().positive().nullable(),
  /** Wanted seconds between two blocks. Matters only when the chain is made. */
  block_interval_s: z.number().min(1).max(86_400).default(30),
  /** False keeps the first difficulty, however fast blocks come. Matters only when the chain is made. */
  retarget: z.boolean().default(true),
  /** Puts transactions of its own into the mempool now and then. */
  transactions: z.boolean().default(true),
});
export type ChainSettings = z.infer<typeof ChainSettings>;
