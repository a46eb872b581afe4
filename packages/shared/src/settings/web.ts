import { z } from "zod";
import { DatabaseUrl, ListenAddress, LogLevel, Network, NetworkRange } from "./common.ts";

/** The mail server that e-mail notices go through. */
export const SmtpSettings = z.strictObject({
  host: z.string().min(1).max(255),
  port: z.int().min(1).max(65_535),
  /** `tls` from the first byte, `starttls` required after the greeting, or `none`. */
  security: z.enum(["tls", "starttls", "none"]),
  user: z.string().max(256),
  password: z.string().max(256),
  /** The sender's address. */
  from: z.email().max(254),
});
export type SmtpSettings = z.infer<typeof SmtpSettings>;

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
  notices: z
    .strictObject({
      /** Lets webhooks lead to addresses of this machine and of private networks. */
      allow_private_targets: z.boolean().default(false),
      smtp: SmtpSettings.nullable().default(null),
    })
    .prefault({}),
  releases: z
    .strictObject({
      /** Where `npm run build:agent` puts what is published from there; null: dist/agent in the checkout. */
      build_folder: z.string().min(1).max(4096).nullable().default(null),
    })
    .prefault({}),
});
export type WebSettings = z.infer<typeof WebSettings>;
