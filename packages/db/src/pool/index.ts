export * from "./block_story.ts";
export * from "./blocks.ts";
export * from "./connect.ts";
export * from "./ledger.ts";
export * from "./shares.ts";
export * from "./window.ts";
export * from "./workers.ts";
