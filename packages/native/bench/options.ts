/** The options of the Stratum benchmark, shared by `npm run bench:stratum` and `otedama bench stratum`. Loads nothing native. */
import { parseArgs } from "node:util";

export interface PoolAddress {
  /** IPv4 address in numbers. */
  host: string;
  port: number;
  /** Process of its server, where it runs on this machine: without it there are no CPU and memory figures. */
  pid: number | null;
}

export interface StratumBenchOptions {
  workers: number;
  duration_s: number;
  rounds: number;
  /** Shares a second over all workers, one measurement each. */
  rates: number[];
  /** Submits kept open on each connection, one measurement each. */
  in_flight: number[];
  /** Sizes of the idle crowds that are counted and sent a new block. */
  connections: number[];
  source_addresses: number;
  /** Threads of the engine that is started where no pool is named. */
  threads: number;
  /** `#` stands for the worker's number. */
  user: string;
  password: string;
  /** Null starts the engine and the yardstick. */
  pool: PoolAddress | null;
  versus: PoolAddress | null;
  /** Shell command that makes the chain node find a block. */
  block_command: string | null;
}

interface BenchOption {
  name: string;
  value: string;
  help: string;
}

export const STRATUM_BENCH_OPTIONS: BenchOption[] = [
  { name: "workers", value: "N", help: "Connections that submit shares (default: 1000)" },
  { name: "rate", value: "R[,R…]", help: "Shares a second over all workers, evenly spaced" },
  { name: "in-flight", value: "N[,N…]", help: "Submits kept open on each connection instead (default: 1,16)" },
  { name: "duration", value: "S", help: "Seconds of each measurement (default: 5)" },
  { name: "rounds", value: "N", help: "Rounds; each figure is the median over them (default: 3)" },
  { name: "connections", value: "N[,N…]", help: "Idle miners whose memory and new block are measured; 0 for none" },
  { name: "source-addresses", value: "N", help: "Connect from 127.1.0.1 … N of them (default: as many as are needed)" },
  { name: "threads", value: "N", help: "Threads of the engine, where no pool is named (default: 1)" },
  { name: "user", value: "LOGIN", help: "Login; # stands for the worker's number (default: load.#)" },
  { name: "password", value: "TEXT", help: "Password (default: x)" },
  { name: "pool", value: "HOST:PORT", help: "Measure this pool; without it, our engine beside a server that does not hash" },
  { name: "pool-pid", value: "PID", help: "Its process, for CPU time and memory" },
  { name: "versus", value: "HOST:PORT", help: "Measure this pool as well, in turns, and show ratios" },
  { name: "versus-pid", value: "PID", help: "Its process" },
  { name: "block-command", value: "COMMAND", help: "Shell command that makes the pools' chain node find a block" },
];

/** What is wrong with an option, in one sentence. */
export class BenchOptionError extends Error {}

/** Options with one dash or two. Throws a BenchOptionError. */
export function parseStratumBench(words: readonly string[]): StratumBenchOptions {
  const options = Object.fromEntries(STRATUM_BENCH_OPTIONS.map(({ name }) => [name, { type: "string" as const }]));
  let given: Record<string, string | undefined>;
  try {
    const args = words.map((word) => word.replace(/^-(?=[a-z]{2})/, "--"));
    given = parseArgs({ args, options, strict: true }).values as Record<string, string | undefined>;
  } catch (error) {
    throw new BenchOptionError((error as Error).message);
  }
  const number = (name: string, fallback: number, min: number, max: number) =>
    numbers(name, given[name] ?? String(fallback), min, max, 1)[0] as number;
  const list = (name: string, fallback: string, max: number) => numbers(name, given[name] ?? fallback, 0, max, 8);
  const pool = address("pool", given.pool, given["pool-pid"]);
  const versus = address("versus", given.versus, given["versus-pid"]);
  const rated = given.rate !== undefined;
  return {
    workers: number("workers", 1000, 1, 2_000_000),
    duration_s: number("duration", 5, 0.1, 86_400),
    rounds: number("rounds", 3, 1, 1000),
    rates: list("rate", pool || given["in-flight"] !== undefined ? "" : "5000,50000", 10_000_000).filter((rate) => rate > 0),
    in_flight: list("in-flight", rated ? "" : "1,16", 255).filter((count) => count > 0),
    connections: list("connections", pool ? "0" : "10000", 2_000_000).filter((count) => count > 0),
    source_addresses: number("source-addresses", 0, 0, 65_000),
    threads: number("threads", 1, 1, 256),
    user: given.user ?? "load.#",
    password: given.password ?? "x",
    pool,
    versus,
    block_command: given["block-command"] ?? null,
  };
}

function numbers(name: string, text: string, min: number, max: number, count: number): number[] {
  const parts = text === "" ? [] : text.split(",");
  const values = parts.map((part) => (/^\d+(\.\d+)?$/.test(part) ? Number(part) : Number.NaN));
  if (values.length > count || values.some((value) => !(value >= min && value <= max))) {
    const form = count === 1 ? "a number" : `up to ${count} numbers with commas between them, each`;
    throw new BenchOptionError(`-${name} takes ${form} from ${min} to ${max}, not “${text}”`);
  }
  return values;
}

function address(name: string, text: string | undefined, pid: string | undefined): PoolAddress | null {
  if (text === undefined) {
    if (pid !== undefined) throw new BenchOptionError(`-${name}-pid needs -${name} HOST:PORT`);
    return null;
  }
  const match = /^(?:stratum\+tcp:\/\/)?(\d+\.\d+\.\d+\.\d+):(\d{1,5})$/.exec(text);
  if (!match) throw new BenchOptionError(`-${name} takes an IPv4 address in numbers and a port: 127.0.0.1:3333, not “${text}”`);
  if (pid !== undefined && !/^[1-9]\d*$/.test(pid))
    throw new BenchOptionError(`-${name}-pid takes the number of a process, not “${pid}”`);
  return { host: match[1] as string, port: Number(match[2]), pid: pid === undefined ? null : Number(pid) };
}
