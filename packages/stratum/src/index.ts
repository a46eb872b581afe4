/** Stratum V1 from the miner's side: messages, framing and a client. */
export * from "./client.ts";
export * from "./handshake.ts";
export * from "./job.ts";
export * from "./lines.ts";
export * from "./messages.ts";
export * from "./submit.ts";
export * from "./url.ts";
