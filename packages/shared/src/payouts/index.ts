export * from "./parts.ts";
export * from "./per_share.ts";
export * from "./risk.ts";
export * from "./schemes.ts";
