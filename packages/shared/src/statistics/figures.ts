/** One list of figures out of the statistics, from which both the CSV and Prometheus's text are written. */
import type { StatisticsDto, SuspectDto } from "./dto.ts";
import { REJECT_REASONS_LOGGED } from "./windows.ts";

export interface Figure {
  /** Prometheus's name without its prefix, with the unit last. */
  name: string;
  help: string;
  labels: Readonly<Record<string, string>>;
  value: number | null;
}

export function figuresOf(statistics: StatisticsDto): Figure[] {
  const { network, hashrate_h1_hps, next_block_s, luck, rejects, withholding } = statistics;
  const one = (name: string, help: string, value: number | null | undefined, labels: Figure["labels"] = {}): Figure => ({
    name,
    help,
    labels,
    value: value ?? null,
  });
  return [
    one("statistics_network_difficulty", "Difficulty of the block being mined", network?.difficulty),
    one("statistics_network_height", "Height of the block being mined", network?.height),
    one("statistics_hashrate_hps", "Accepted work of the last hour, in hashes a second", hashrate_h1_hps),
    ...(["mean", "p05", "p95"] as const).map((at) =>
      one("statistics_next_block_seconds", "Wait for the next block at the hashrate of the last hour", next_block_s?.[at], {
        at,
      }),
    ),
    ...luck.map(({ window, blocks }) => one("statistics_blocks", "Blocks found", blocks, { window })),
    ...luck.map(({ window, expected }) =>
      one("statistics_expected_blocks", "Blocks that the work was expected to find", expected, { window }),
    ),
    ...luck.flatMap(({ window, value, low, high }) => {
      const help = "Blocks found over blocks expected, with its 95 % bounds";
      return [
        one("statistics_luck_ratio", help, value, { window, bound: "value" }),
        one("statistics_luck_ratio", help, low, { window, bound: "low" }),
        one("statistics_luck_ratio", help, high, { window, bound: "high" }),
      ];
    }),
    ...luck.map(({ window, chance }) =>
      one("statistics_luck_chance", "How often a pool that loses nothing does this badly or worse", chance, { window }),
    ),
    ...rejects.flatMap((counts) =>
      (["accepted", ...REJECT_REASONS_LOGGED] as const).map((result) =>
        one("statistics_shares", "Shares by result", counts[result], { window: counts.window, result }),
      ),
    ),
    one("statistics_withholding_tested", "Workers with enough work to be judged", withholding.tested),
    one("statistics_withholding_alarms", "Workers that find too few blocks for chance", withholding.alarms),
    one("statistics_withholding_watched", "Workers with rarely few blocks, without an alarm", withholding.watched),
    one("statistics_withholding_alarm_below", "Probability below which the alarm is raised", withholding.alarm_below),
  ];
}

/** Text exposition format of Prometheus, version 0.0.4. What is not known is left out. */
export function prometheusText(statistics: StatisticsDto): string {
  let text = "";
  let before = "";
  for (const { name, help, labels, value } of figuresOf(statistics)) {
    if (value === null) continue;
    const full = `otedama_${name}`;
    if (full !== before) text += `# HELP ${full} ${help}\n# TYPE ${full} gauge\n`;
    before = full;
    const pairs = Object.entries(labels).map(([key, label]) => `${key}="${label}"`);
    text += `${full}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
  }
  return text;
}

/**
 * RFC 4180: `figure,window,kind,value`, then a table of the blocks, and one of the suspected workers where they are given. Empty where nothing is
 * known.
 */
export function statisticsCsv(statistics: StatisticsDto, suspects: readonly SuspectDto[] | null = null): string {
  const rows: (string | number | null)[][] = [["figure", "window", "kind", "value"]];
  rows.push(["at", null, null, new Date(statistics.at_ms).toISOString()]);
  for (const { name, labels, value } of figuresOf(statistics)) {
    const { window, ...rest } = labels;
    rows.push([name.replace("statistics_", ""), window ?? null, Object.values(rest).join(" ") || null, value]);
  }
  rows.push([], ["height", "hash", "found_at", "effort", "quantile", "sum", "sum_low", "sum_high"]);
  for (const block of statistics.efforts) {
    const { height, hash, found_at_ms, effort, quantile, sum, sum_low, sum_high } = block;
    rows.push([height, hash, new Date(found_at_ms).toISOString(), effort, quantile, sum, sum_low, sum_high]);
  }
  if (suspects !== null) {
    rows.push([], ["worker", "account", "found", "expected", "chance", "suspicion", "since"]);
    for (const { worker_name, account_address, found, expected, chance, suspicion, since_ms } of suspects) {
      rows.push([worker_name, account_address, found, expected, chance, suspicion, new Date(since_ms).toISOString()]);
    }
  }
  return `${rows.map((row) => row.map(csvField).join(",")).join("\r\n")}\r\n`;
}

/** A field that a spreadsheet would take for a formula is kept from being one. */
function csvField(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
