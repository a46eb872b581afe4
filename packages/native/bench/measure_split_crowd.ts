/**
 * A crowd larger than one process may hold: spread over as many servers as it takes, each with its own extranonce prefix and its own
 * generator, as instances of a pool stand side by side behind a balancer.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { CrowdFigure } from "./measure_crowd.ts";
import { median } from "./measure_load.ts";
import type { StratumBenchOptions } from "./options.ts";
import {
  cpuSeconds,
  type Generator,
  kernelSocketBytes,
  openFilesMax,
  residentBytes,
  type Server,
  startGenerator,
  startServer,
} from "./processes.ts";

/** Descriptors a process needs besides its connections. */
const OTHER_FILES = 500;
/** An address has some 28,000 ports to connect from, to each port of a server. */
const CONNECTIONS_PER_ADDRESS = 20_000;
/** Crowds that log in at a time. */
const CONNECTING_MAX = 2;
const SETTLE_MS = 2000;
const ARRIVAL_MS_MAX = 300_000;
const POLL_MS = 50;

export const connectionsPerProcess = (): number => openFilesMax() - OTHER_FILES;

interface Part {
  server: Server;
  miners: number;
}

export async function measureSplitCrowd(
  miners: number,
  per_process: number,
  options: StratumBenchOptions,
  progress: (line: string) => void,
): Promise<CrowdFigure> {
  const parts: Part[] = [];
  const generators: Generator[] = [];
  try {
    const count = Math.ceil(miners / per_process);
    for (let i = 0; i < count; i++) {
      const share = Math.floor(miners / count) + (i < miners % count ? 1 : 0);
      parts.push({ server: await startServer("engine", options.threads, "fast", i), miners: share });
    }
    await settle(miners);
    const resident = total(parts, ({ server }) => residentBytes(server.pid));
    const kernel = kernelSocketBytes();
    for (let i = 0; i < count; i += CONNECTING_MAX) {
      generators.push(...(await Promise.all(parts.slice(i, i + CONNECTING_MAX).map((part) => connectPart(part, options)))));
      progress(`${total(parts.slice(0, generators.length), (part) => part.miners)} of ${miners} miners connected`);
    }
    await settle(miners);
    const resident_bytes = total(parts, ({ server }) => residentBytes(server.pid)) - resident;
    const kernel_bytes = kernelSocketBytes() - kernel;
    const rounds: { last_ms: number; cpu_ms: number }[] = [];
    for (let round = 0; round < options.rounds; round++) {
      rounds.push(await oneJob(parts, generators));
      progress(`job ${round + 1} of ${options.rounds} reached the last of ${miners} miners`);
    }
    return {
      subject: "engine",
      miners,
      processes: count,
      resident_bytes_per_connection: resident_bytes / miners,
      kernel_bytes_per_connection: kernel_bytes / miners,
      last_miner_ms: median(rounds.map(({ last_ms }) => last_ms)),
      cpu_ms: median(rounds.map(({ cpu_ms }) => cpu_ms)),
    };
  } finally {
    for (const generator of generators) generator.close();
    for (const { server } of parts) server.close();
  }
}

const settle = (miners: number) => pause(Math.min(SETTLE_MS, miners));

function total(parts: Part[], of: (part: Part) => number): number {
  return parts.reduce((sum, part) => sum + of(part), 0);
}

function connectPart({ server, miners }: Part, { user, password, source_addresses }: StratumBenchOptions): Promise<Generator> {
  const { port } = server;
  // Never the system's choice: a crowd this large would leave no port of 127.0.0.1 to the rest of the machine.
  const addresses = source_addresses || Math.ceil(miners / CONNECTIONS_PER_ADDRESS);
  return startGenerator({ host: "127.0.0.1", port, workers: miners, source_addresses: addresses, user, password });
}

/** One job for all servers at once: from the first one's to the last miner of any. */
async function oneJob(parts: Part[], generators: Generator[]): Promise<{ last_ms: number; cpu_ms: number }> {
  await settle(total(parts, ({ miners }) => miners));
  const known = await Promise.all(generators.map(async (generator) => (await generator.arrivals()).at(-1)?.job_id));
  const before_s = total(parts, ({ server }) => cpuSeconds(server.pid));
  const began_ms = Math.min(...(await Promise.all(parts.map(({ server }) => server.newJob()))));
  const last_ms: number[] = [];
  for (const [i, { miners }] of parts.entries()) {
    const until_ms = performance.now() + ARRIVAL_MS_MAX;
    for (;;) {
      const arrival = (await generators[i]?.arrivals())?.at(-1);
      if (arrival && arrival.job_id !== known[i] && arrival.miners >= miners) {
        last_ms.push(arrival.last_ms);
        break;
      }
      if (performance.now() > until_ms) throw new Error(`a job had not reached all miners after ${ARRIVAL_MS_MAX / 1000} s`);
      await pause(POLL_MS);
    }
  }
  const cpu_ms = (total(parts, ({ server }) => cpuSeconds(server.pid)) - before_s) * 1000;
  return { last_ms: Math.max(...last_ms) - began_ms, cpu_ms };
}
