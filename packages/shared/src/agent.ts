/** What the agent needs and no more: it runs on rigs, where memory counts, and leaves the ledger, PSBTs and curves to the others. */
export * from "./bitcoin/bytes.ts";
export * from "./bitcoin/difficulty.ts";
export * from "./settings/agent.ts";
export * from "./wire/agents/index.ts";
export * from "./wire/agents/version_1.ts";
export * from "./wire/common.ts";
