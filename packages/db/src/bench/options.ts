/** The options of `otedama bench database`. Loads no database client. */
import { parseArgs } from "node:util";

export interface DatabaseBenchOptions {
  accounts: number;
  buckets: number;
  blocks: number;
  rigs: number;
  /** Times that each page's queries are run. */
  rounds: number;
  /** Measure a database that was seeded before. */
  measure_only: boolean;
}

export const DATABASE_BENCH_OPTIONS: { name: string; value?: string; help: string }[] = [
  { name: "accounts", value: "N", help: "Accounts, nearly all with one worker (default: 100000)" },
  { name: "buckets", value: "N", help: "Buckets of shares, over a year, most of them recent (default: 10000000)" },
  { name: "blocks", value: "N", help: "Blocks found, with their ledger entries (default: 5000)" },
  { name: "rigs", value: "N", help: "Rigs with the agent (default: 10000)" },
  { name: "rounds", value: "N", help: "Times that each page's queries are run (default: 15)" },
  { name: "measure-only", help: "Seed nothing: measure what an earlier run seeded" },
];

/** What is wrong with an option, in one sentence. */
export class DatabaseBenchOptionError extends Error {}

/** Throws a DatabaseBenchOptionError. */
export function parseDatabaseBench(words: string[]): DatabaseBenchOptions {
  const args = words.map((word) => (/^-[a-z]/.test(word) ? `-${word}` : word));
  let given: Record<string, string | boolean | undefined>;
  try {
    const options = Object.fromEntries(
      DATABASE_BENCH_OPTIONS.map(({ name, value }) => [name, { type: value === undefined ? "boolean" : "string" } as const]),
    );
    given = parseArgs({ args, options, strict: true }).values;
  } catch (error) {
    throw new DatabaseBenchOptionError((error as Error).message.split(". ")[0]);
  }
  const count = (name: string, otherwise: number, min: number, max: number): number => {
    const text = given[name];
    if (text === undefined) return otherwise;
    const value = typeof text === "string" && /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new DatabaseBenchOptionError(`-${name} takes a whole number from ${min} to ${max}, not “${text}”`);
    }
    return value;
  };
  return {
    accounts: count("accounts", 100_000, 10, 2_000_000),
    buckets: count("buckets", 10_000_000, 1_000, 200_000_000),
    blocks: count("blocks", 5_000, 1, 50_000),
    rigs: count("rigs", 10_000, 1, 50_000),
    rounds: count("rounds", 15, 1, 1_000),
    measure_only: given["measure-only"] === true,
  };
}
