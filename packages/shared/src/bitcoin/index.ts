export * from "./address.ts";
export * from "./bytes.ts";
export * from "./difficulty.ts";
export * from "./login.ts";
export * from "./target.ts";
