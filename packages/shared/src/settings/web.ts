import { z } from "zod";
import { DatabaseUrl, ListenAddress, LogLevel, Network, NetworkRange } from "./common.ts";

/** The resolved settings of the control plane; see `PoolSettings` for how they travel. */
export const WebSettings = z.strictObject({
  data_dir: z.string().min(1),
  log_level: LogLevel,
  listen: ListenAddress,
  /** The address people type; used in links and for the cookie's scope. */
  public_url: z.url(),
  network: Network,
  database_url: DatabaseUrl,
  /** Signs sessions; at least 32 random bytes in hex. */
  session_secret: z.string().min(64).max(512),
  /** Reverse proxies whose `X-Forwarded-For` is believed. */
  trusted_proxies: z.array(NetworkRange).max(1000).default([]),
});
export type WebSettings = z.infer<typeof WebSettings>;
