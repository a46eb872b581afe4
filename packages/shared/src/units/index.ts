/** Text for numbers: hashrates, difficulty, coin amounts, durations. Pure, and without a dependency, so that any bundle may use it. */
export * from "./hashrate.ts";
export * from "./sats.ts";
export * from "./shorten.ts";
export * from "./si.ts";
export * from "./time.ts";
