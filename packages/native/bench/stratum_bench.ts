/**
 * Measures a pool under load, or our engine beside a server that answers without hashing, and another pool in the same run. Servers
 * take turns within every round, each figure is the median of its rounds, and each ratio is the median of the rounds' own ratios, so
 * that what else the machine does falls on all of them.
 */
import { cpus } from "node:os";
import type { LoadOptions } from "../src/load.ts";
import { blockByCommand, type CrowdFigure, measureCrowd } from "./measure_crowd.ts";
import { type LoadFigure, measureLoad, median, medianFigure, type Subject } from "./measure_load.ts";
import { connectionsPerProcess, measureSplitCrowd } from "./measure_split_crowd.ts";
import type { PoolAddress, StratumBenchOptions } from "./options.ts";
import { type Server, startServer } from "./processes.ts";

export interface LoadRow extends LoadFigure {
  load: string;
  subject: string;
  /** This one's CPU time a share over the named one's; null where either is not known. */
  cpu_ratio_to: Record<string, number | null>;
}

export interface StratumBenchResult {
  bench: "stratum";
  cpu: string;
  options: StratumBenchOptions;
  loads: LoadRow[];
  crowds: CrowdFigure[];
}

/** Names of the servers that the bench starts itself. */
const OWN = { plain: "not hashing", fast: "ack fast", durable: "ack durable" } as const;

/** `progress` hears one line for each measurement. */
export async function benchStratum(
  options: StratumBenchOptions,
  { progress }: { progress: (line: string) => void },
): Promise<StratumBenchResult> {
  const crowds: CrowdFigure[] = [];
  const named = [namedSubject("pool", options.pool), namedSubject("versus", options.versus)].filter(
    (subject) => subject !== null,
  );
  const byCommand = options.block_command === null ? null : blockByCommand(options.block_command);
  // Memory first: what a server has once taken it keeps, and the next crowd would seem to need none.
  for (const miners of [...options.connections].sort((a, b) => a - b)) {
    progress(`${miners} idle miners`);
    if (!options.pool) crowds.push(...(await ownCrowds(miners, options, progress)));
    for (const subject of named) crowds.push(await measureCrowd(subject, miners, byCommand, options));
  }
  const servers = options.pool ? [] : await startOwn(options.threads);
  try {
    const own = servers.map(([kind, server]) => ({ name: OWN[kind], host: "127.0.0.1", port: server.port, pid: server.pid }));
    const loads: LoadRow[] = [];
    for (const [load, run] of loadsOf(options))
      loads.push(...(await measureInTurns([...own, ...named], load, run, options, progress)));
    return { bench: "stratum", cpu: cpus()[0]?.model.trim() ?? "", options, loads, crowds };
  } finally {
    for (const [, server] of servers) server.close();
  }
}

function namedSubject(name: string, address: PoolAddress | null): Subject | null {
  return address === null ? null : { name, ...address };
}

async function startOwn(threads: number): Promise<[keyof typeof OWN, Server][]> {
  return [
    ["plain", await startServer("plain", 1, "fast")],
    ["fast", await startServer("engine", threads, "fast")],
    ["durable", await startServer("engine", threads, "durable")],
  ];
}

/** A fresh engine for each crowd, and the yardstick beside it; what one process may not hold is spread over several. */
async function ownCrowds(miners: number, options: StratumBenchOptions, progress: (line: string) => void): Promise<CrowdFigure[]> {
  if (miners > connectionsPerProcess()) return [await measureSplitCrowd(miners, connectionsPerProcess(), options, progress)];
  const figures: CrowdFigure[] = [];
  for (const [name, kind] of [
    ["engine", "engine"],
    [OWN.plain, "plain"],
  ] as const) {
    const server = await startServer(kind, options.threads, "fast");
    try {
      const subject = { name, host: "127.0.0.1", port: server.port, pid: server.pid };
      figures.push(await measureCrowd(subject, miners, () => server.newJob(), options));
    } finally {
      server.close();
    }
  }
  return figures;
}

function loadsOf({ in_flight, rates }: StratumBenchOptions): [string, Partial<LoadOptions>][] {
  return [
    ...in_flight.map((count): [string, Partial<LoadOptions>] => [`${count} in flight`, { in_flight: count }]),
    ...rates.map((rate): [string, Partial<LoadOptions>] => [`${rate}/s`, { rate }]),
  ];
}

async function measureInTurns(
  subjects: Subject[],
  load: string,
  run: Partial<LoadOptions>,
  options: StratumBenchOptions,
  progress: (line: string) => void,
): Promise<LoadRow[]> {
  const rounds = new Map<string, LoadFigure[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    progress(`${load}, round ${round + 1} of ${options.rounds}`);
    for (const subject of subjects) rounds.get(subject.name)?.push(await measureLoad(subject, run, options));
  }
  const references = subjects.map(({ name }) => name).filter((name) => name === OWN.plain || name === "versus");
  return [...rounds].map(([subject, figures]) => ({
    load,
    subject,
    ...medianFigure(figures),
    cpu_ratio_to: Object.fromEntries(
      references.filter((name) => name !== subject).map((name) => [name, ratioOf(figures, rounds.get(name) ?? [])]),
    ),
  }));
}

function ratioOf(figures: LoadFigure[], others: LoadFigure[]): number | null {
  const ratios = figures.flatMap(({ cpu_us_per_share }, round) => {
    const other = others[round]?.cpu_us_per_share;
    return cpu_us_per_share !== null && other ? [cpu_us_per_share / other] : [];
  });
  return ratios.length === 0 ? null : median(ratios);
}
