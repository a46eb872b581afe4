/** The engine's histograms: as Prometheus text, and as quantiles over the last while. */
import { HISTOGRAM_BOUNDS_MS } from "@otedama/native/engine-types";

export interface EngineHistogram {
  /** Cumulative by bound, the last one without bound. */
  counts: number[];
  sum: number;
}

/** Seconds, as Prometheus wants them. */
export function histogramText(name: string, help: string, histogram: EngineHistogram): string {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
  for (const [index, bound] of HISTOGRAM_BOUNDS_MS.entries()) {
    lines.push(`${name}_bucket{le="${bound / 1000}"} ${histogram.counts[index] ?? 0}`);
  }
  const total = histogram.counts.at(-1) ?? 0;
  lines.push(`${name}_bucket{le="+Inf"} ${total}`, `${name}_sum ${histogram.sum / 1000}`, `${name}_count ${total}`);
  return `${lines.join("\n")}\n`;
}

/** The quantile of what lies between two readings, ms, interpolated inside its bucket; 0 when nothing does. */
export function quantile(before: EngineHistogram, now: EngineHistogram, q: number): number {
  const counts = now.counts.map((count, index) => count - (before.counts[index] ?? 0));
  const total = counts.at(-1) ?? 0;
  if (total <= 0) return 0;
  const rank = q * total;
  for (const [index, bound] of HISTOGRAM_BOUNDS_MS.entries()) {
    const count = counts[index] ?? 0;
    if (count < rank) continue;
    const below = index === 0 ? 0 : (counts[index - 1] ?? 0);
    const lower = index === 0 ? 0 : (HISTOGRAM_BOUNDS_MS[index - 1] ?? 0);
    return lower + (bound - lower) * ((rank - below) / (count - below));
  }
  return HISTOGRAM_BOUNDS_MS.at(-1) ?? 0;
}
