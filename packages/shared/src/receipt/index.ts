export * from "./answers.ts";
export * from "./receipt.ts";
export * from "./shares.ts";
export * from "./stored.ts";
export * from "./tree.ts";
