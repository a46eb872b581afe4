/** What the pool's numbers mean: pure functions, so that a server and a browser say the same. Their schema is in the package's main entry. */
export * from "./figures.ts";
export * from "./gamma.ts";
export * from "./luck.ts";
export * from "./windows.ts";
export * from "./withholding.ts";
