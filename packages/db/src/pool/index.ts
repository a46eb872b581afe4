export * from "./blocks.ts";
export * from "./connect.ts";
export * from "./ledger.ts";
export * from "./receipts.ts";
export * from "./shares.ts";
export * from "./window.ts";
export * from "./workers.ts";
