export * from "./desired.ts";
export * from "./enrol.ts";
export * from "./hello.ts";
export * from "./orders.ts";
export * from "./releases.ts";
export * from "./telemetry.ts";
