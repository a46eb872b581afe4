/** The picture in docs/architecture/vardiff.md: the engine's own vardiff function over simulated miners, as SVG. Same seeds, same picture. */
import type { VardiffOptions } from "../src/engine_types.ts";
import { idealDifficulty, simulate } from "../test/stratum/vardiff_simulation.ts";

const OPTIONS: VardiffOptions = { enabled: true, initial: 1, min: 1e-9, max: 1e15, target_interval_s: 10 };
const MINERS = [
  { name: "1 kH/s", hashrate_hps: 1e3, colour: "#7c3aed" },
  { name: "1 MH/s", hashrate_hps: 1e6, colour: "#2563eb" },
  { name: "1 GH/s", hashrate_hps: 1e9, colour: "#0d9488" },
  { name: "1 TH/s", hashrate_hps: 1e12, colour: "#ca8a04" },
  { name: "500 TH/s", hashrate_hps: 5e14, colour: "#dc2626" },
];
const MINUTE_S = 60;
const SPAN_S = 60 * MINUTE_S;

interface Story {
  title: string;
  /** The first difficulty over the right one. */
  wrong: number;
  /** What the hashrate is multiplied by at a time. */
  factor: (at_s: number) => number;
}

const between = (at_s: number, from_min: number, to_min: number) => at_s >= from_min * MINUTE_S && at_s < to_min * MINUTE_S;

const STORIES: Story[] = [
  { title: "Start 1000 times too hard", wrong: 1000, factor: () => 1 },
  { title: "Start 1000 times too easy", wrong: 1 / 1000, factor: () => 1 },
  { title: "Silent from minute 20 to 30", wrong: 1, factor: (at_s) => (between(at_s, 20, 30) ? 0 : 1) },
  { title: "Ten times the hashrate, minutes 20 to 40", wrong: 1, factor: (at_s) => (between(at_s, 20, 40) ? 10 : 1) },
];

interface Panel {
  x: number;
  y: number;
  title: string;
  /** Powers of ten at bottom and top. */
  low: number;
  high: number;
  ticks: number[];
  tick: (power: number) => string;
}

const WIDTH = 250;
const HEIGHT = 190;
const LEFT = 64;
const TOP = 76;
const GAP_X = 24;
const GAP_Y = 62;

/** [seconds, value]; a null value breaks the line. */
type Point = [number, number | null];

export function vardiffPlot(): string {
  const parts: string[] = [];
  STORIES.forEach((story, column) => {
    const x = LEFT + column * (WIDTH + GAP_X);
    const difficulty = { x, y: TOP, title: story.title, low: -10, high: 10, ticks: [-9, -6, -3, 0, 3, 6, 9], tick: power };
    const interval = {
      ...{ x, y: TOP + HEIGHT + GAP_Y, title: "", low: -2.5, high: 4.5, ticks: [-2, -1, 0, 1, 2, 3, 4] },
      tick: (exponent: number) => (exponent < 0 ? String(10 ** exponent) : (10 ** exponent).toLocaleString("en")),
    };
    parts.push(frame(difficulty, column === 0), frame(interval, column === 0), target(interval));
    MINERS.forEach(({ hashrate_hps, colour }, index) => {
      const ideal = idealDifficulty(hashrate_hps, OPTIONS.target_interval_s);
      const run = simulate(
        OPTIONS,
        { difficulty: ideal * story.wrong, seed: index + 1 },
        (at_s) => hashrate_hps * story.factor(at_s),
        SPAN_S,
      );
      const [hard, wait] = steps(run.changes, (at_s) => hashrate_hps * story.factor(at_s));
      parts.push(line(difficulty, hard, colour), line(interval, wait, colour));
    });
  });
  const width = LEFT + STORIES.length * (WIDTH + GAP_X);
  const height = TOP + 2 * HEIGHT + GAP_Y + 44;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11">`,
    "<title>Difficulty and share interval of five simulated miners in four stories</title>",
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...MINERS.map(({ name, colour }, index) => legend(name, colour, LEFT + index * 110)),
    text(
      LEFT,
      TOP - 30,
      "Difficulty (above) and mean seconds between shares (below; dashed: the wanted 10 s), over one hour",
      "start",
      12,
    ),
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

/** The difficulty, and the mean wait for a share that it means at the hashrate of the moment. */
function steps(changes: { at_s: number; difficulty: number }[], hashrate: (at_s: number) => number): [Point[], Point[]] {
  const difficulty: Point[] = [];
  const interval: Point[] = [];
  let index = 0;
  for (let at_s = 0; at_s <= SPAN_S; at_s += 5) {
    while (index + 1 < changes.length && (changes[index + 1]?.at_s ?? 0) <= at_s) index++;
    const now = changes[index]?.difficulty ?? 1;
    difficulty.push([at_s, now]);
    const per_s = idealDifficulty(hashrate(at_s), 1);
    interval.push([at_s, per_s > 0 ? now / per_s : null]);
  }
  return [difficulty, interval];
}

const round = (value: number) => String(Math.round(value * 10) / 10);
const xOf = (panel: Panel, at_s: number) => panel.x + (at_s / SPAN_S) * WIDTH;
const yOf = (panel: Panel, value: number) =>
  panel.y + HEIGHT * (1 - (Math.min(Math.max(Math.log10(value), panel.low), panel.high) - panel.low) / (panel.high - panel.low));

function power(exponent: number): string {
  return exponent === 0 ? "1" : `10<tspan dy="-4" font-size="8">${String(exponent).replace("-", "−")}</tspan>`;
}

function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end", size = 11): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${size}" fill="#334155">${content}</text>`;
}

function frame(panel: Panel, labelled: boolean): string {
  const parts = [`<rect x="${panel.x}" y="${panel.y}" width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="#94a3b8"/>`];
  for (const exponent of panel.ticks) {
    const y = round(yOf(panel, 10 ** exponent));
    parts.push(`<path d="M${panel.x} ${y}h${WIDTH}" stroke="#e2e8f0"/>`);
    if (labelled) parts.push(text(panel.x - 6, Number(y) + 4, panel.tick(exponent), "end"));
  }
  for (const minute of [0, 20, 40, 60])
    parts.push(text(xOf(panel, minute * MINUTE_S), panel.y + HEIGHT + 15, minute === 60 ? "60 min" : String(minute), "middle"));
  if (panel.title) parts.push(text(panel.x + WIDTH / 2, panel.y - 9, panel.title, "middle", 12));
  return parts.join("\n");
}

function target(panel: Panel): string {
  const y = round(yOf(panel, OPTIONS.target_interval_s));
  return `<path d="M${panel.x} ${y}h${WIDTH}" stroke="#475569" stroke-dasharray="4 3"/>`;
}

function line(panel: Panel, points: Point[], colour: string): string {
  let path = "";
  let before: string | null = null;
  for (const [at_s, value] of points) {
    if (value === null) {
      if (before !== null) path += `H${round(xOf(panel, at_s))}`;
      before = null;
      continue;
    }
    const y = round(yOf(panel, value));
    // A silence ends its line where it begins.
    if (before === null) path += `M${round(xOf(panel, at_s))} ${y}`;
    else if (y !== before) path += `H${round(xOf(panel, at_s))}V${y}`;
    else if (at_s === SPAN_S) path += `H${round(xOf(panel, at_s))}`;
    before = y;
  }
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.6"/>`;
}

function legend(name: string, colour: string, x: number): string {
  return `<path d="M${x} 22h22" stroke="${colour}" stroke-width="3"/>\n${text(x + 28, 26, name, "start", 12)}`;
}
