/** Many idle miners: what a connection holds, and how long a new block takes to reach the last of them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connectCrowd, type StratumCrowd } from "../src/load.ts";
import { median, type Subject, sourceAddresses } from "./measure_load.ts";
import type { StratumBenchOptions } from "./options.ts";
import { cpuSeconds, kernelSocketBytes, residentBytes } from "./processes.ts";

const ARRIVAL_S_MAX = 60;
const SETTLE_MS = 500;
const KERNEL_COUNTED_FROM = 5000;

export interface CrowdFigure {
  subject: string;
  miners: number;
  /** Server processes that hold them together. */
  processes: number;
  /** Null where the server's process is not known. */
  resident_bytes_per_connection: number | null;
  /** Of the kernel, for the server's and the generator's end together; null where other processes' would weigh too much. */
  kernel_bytes_per_connection: number | null;
  /** New block → last miner; null where no block could be made. */
  last_miner_ms: number | null;
  /** Of the server's process, from the new block until the last miner has it. */
  cpu_ms: number | null;
}

/** Makes a new job; resolves with when its template was there, in ms of CLOCK_MONOTONIC. */
export type NewBlock = () => Promise<number>;

/** Time counts from when the command is started: what the command and the chain node take is in the figure. */
export function blockByCommand(command: string): NewBlock {
  return async () => {
    const started_ms = Number(process.hrtime.bigint()) / 1e6;
    const child = spawn(command, { shell: true, stdio: "ignore" });
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) throw new Error(`the block command ended with ${code}: ${command}`);
    return started_ms;
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function measureCrowd(
  subject: Subject,
  miners: number,
  newBlock: NewBlock | null,
  options: StratumBenchOptions,
): Promise<CrowdFigure> {
  const { host, port, pid } = subject;
  const { user, password } = options;
  const kernel = kernelSocketBytes();
  const resident = pid === null ? null : residentBytes(pid);
  const source_addresses = options.source_addresses || sourceAddresses(miners);
  const crowd = await connectCrowd({ host, port, workers: miners, source_addresses, user, password });
  try {
    await pause(SETTLE_MS);
    const kernel_bytes = kernelSocketBytes() - kernel;
    const bytes = resident === null || pid === null ? null : (residentBytes(pid) - resident) / miners;
    const rounds: { last_ms: number; cpu_ms: number | null }[] = [];
    for (let round = 0; newBlock && round < Math.max(options.rounds, 3); round++)
      rounds.push(await oneBlock(crowd, pid, miners, newBlock));
    const costs = rounds.flatMap(({ cpu_ms }) => cpu_ms ?? []);
    return {
      subject: subject.name,
      miners,
      processes: 1,
      resident_bytes_per_connection: bytes,
      kernel_bytes_per_connection: miners < KERNEL_COUNTED_FROM ? null : kernel_bytes / miners,
      last_miner_ms: rounds.length === 0 ? null : median(rounds.map(({ last_ms }) => last_ms)),
      cpu_ms: costs.length === 0 ? null : median(costs),
    };
  } finally {
    crowd.close();
  }
}

/** Pools send further jobs at any time: the first that is new after the block and that everybody got is the block's. */
async function oneBlock(crowd: StratumCrowd, pid: number | null, miners: number, newBlock: NewBlock) {
  await pause(SETTLE_MS);
  const known = new Set(crowd.arrivals().map(({ job_id }) => job_id));
  const before_s = pid === null ? 0 : cpuSeconds(pid);
  const began_ms = await newBlock();
  const arrived = () => crowd.arrivals().find((job) => !known.has(job.job_id) && job.miners >= miners);
  for (let waited = 0; !arrived(); waited++) {
    if (waited === ARRIVAL_S_MAX * 50)
      throw new Error(`the new block had not reached all ${miners} miners after ${ARRIVAL_S_MAX} s`);
    await pause(20);
  }
  return {
    last_ms: (arrived()?.last_ms ?? Number.NaN) - began_ms,
    cpu_ms: pid === null ? null : (cpuSeconds(pid) - before_s) * 1000,
  };
}
