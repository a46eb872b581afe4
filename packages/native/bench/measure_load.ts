/** One load on one server: what it answered, how fast, and what that cost it. */
import { connectCrowd, type LoadOptions } from "../src/load.ts";
import type { StratumBenchOptions } from "./options.ts";
import { cpuSeconds } from "./processes.ts";

export interface Subject {
  name: string;
  host: string;
  port: number;
  pid: number | null;
}

export interface LoadFigure {
  shares_per_s: number;
  /** Of the server's process alone; null where its process is not known. */
  cpu_us_per_share: number | null;
  p50_ms: number;
  p99_ms: number;
  p999_ms: number;
  refused: number;
  accepted: number;
}

/** The first second of the load warms the server up and is not counted. */
export async function measureLoad(
  subject: Subject,
  load: Partial<LoadOptions>,
  options: StratumBenchOptions,
): Promise<LoadFigure> {
  const { host, port, pid } = subject;
  const { workers, user, password, source_addresses, duration_s } = options;
  const crowd = await connectCrowd({
    host,
    port,
    workers,
    source_addresses: source_addresses || sourceAddresses(workers),
    user,
    password,
  });
  try {
    await crowd.run({ ...load, duration_s: Math.min(1, duration_s) });
    const before_s = pid === null ? 0 : cpuSeconds(pid);
    const result = await crowd.run({ ...load, duration_s });
    const cpu_s = pid === null ? null : cpuSeconds(pid) - before_s;
    const refused = Object.values(result.refused).reduce((sum, count) => sum + count, 0);
    return {
      shares_per_s: result.accepted / result.elapsed_s,
      cpu_us_per_share: cpu_s === null ? null : (cpu_s * 1e6) / (result.accepted + refused),
      p50_ms: result.p50_ms,
      p99_ms: result.p99_ms,
      p999_ms: result.p999_ms,
      refused,
      accepted: result.accepted,
    };
  } finally {
    crowd.close();
  }
}

/** One address can hold about 28,000 connections to one port; few connections leave the choice to the system. */
export function sourceAddresses(connections: number): number {
  return connections <= 20_000 ? 0 : Math.ceil(connections / 20_000);
}

/** The middle one; NaN of none. */
export function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function medianFigure(figures: LoadFigure[]): LoadFigure {
  const of = (pick: (figure: LoadFigure) => number) => median(figures.map(pick));
  return {
    shares_per_s: of((figure) => figure.shares_per_s),
    cpu_us_per_share: figures.some((figure) => figure.cpu_us_per_share === null)
      ? null
      : of((figure) => figure.cpu_us_per_share ?? 0),
    p50_ms: of((figure) => figure.p50_ms),
    p99_ms: of((figure) => figure.p99_ms),
    p999_ms: of((figure) => figure.p999_ms),
    refused: of((figure) => figure.refused),
    accepted: of((figure) => figure.accepted),
  };
}
