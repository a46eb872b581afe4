/** The benchmark's result as a table for a terminal. */
import type { LoadRow, StratumBenchResult } from "./stratum_bench.ts";

const HEAD = ["load", "server", "shares/s", "CPU µs/share", "p50 ms", "p99 ms", "p99.9 ms", "refused", "CPU ratio to"];
const WIDTHS = [14, 13, 10, 13, 9, 9, 10, 9, 0];

export function stratumTable({ cpu, options, loads, crowds }: StratumBenchResult): string {
  const lines: string[] = [];
  if (loads.length > 0) {
    lines.push(`${cpu}; ${options.workers} connections, ${options.rounds} rounds of ${options.duration_s} s in turns, medians`);
    for (const cells of [HEAD, ...loads.map(loadCells)]) lines.push(row(cells));
  }
  for (const { subject, miners, processes, resident_bytes_per_connection: bytes, ...figure } of crowds) {
    const { kernel_bytes_per_connection: kernel_bytes, last_miner_ms, cpu_ms } = figure;
    const facts = [
      processes === 1 ? null : `over ${processes} processes`,
      bytes === null ? null : `${bytes.toFixed(0)} resident bytes each`,
      kernel_bytes === null ? null : `${kernel_bytes.toFixed(0)} of the kernel's for both ends`,
      last_miner_ms === null ? null : `new block to the last of them in ${last_miner_ms.toFixed(1)} ms`,
      cpu_ms === null ? null : `${cpu_ms.toFixed(1)} ms of its server's CPU`,
    ].filter((fact) => fact !== null);
    lines.push(`${subject}, ${miners} idle connections: ${facts.join(", ") || "held"}`);
  }
  return lines.join("\n");
}

function loadCells(figure: LoadRow): string[] {
  const ratios = Object.entries(figure.cpu_ratio_to).flatMap(([name, ratio]) =>
    ratio === null ? [] : [`${name} ${ratio.toPrecision(3)}`],
  );
  return [
    figure.load,
    figure.subject,
    figure.shares_per_s.toFixed(0),
    figure.cpu_us_per_share?.toFixed(2) ?? "–",
    figure.p50_ms.toFixed(3),
    figure.p99_ms.toFixed(3),
    figure.p999_ms.toFixed(3),
    String(figure.refused),
    ratios.join(", "),
  ];
}

function row(cells: string[]): string {
  return cells
    .map((cell, column) =>
      column < 2 || column === cells.length - 1 ? cell.padEnd(WIDTHS[column] ?? 0) : cell.padStart(WIDTHS[column] ?? 0),
    )
    .map((cell, column) => (column === cells.length - 1 ? `  ${cell}` : cell))
    .join("")
    .trimEnd();
}
