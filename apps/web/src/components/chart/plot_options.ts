import type uPlot from "uplot";

export type PlotSeries = {
  readonly label: string;
  readonly values: readonly (number | null)[];
  readonly tone: "first" | "second";
  readonly format: (value: number) => string;
  /** The second series may have its own axis, at the right. */
  readonly axis: "left" | "right";
};

export type PlotMark = {
  readonly at_ms: number;
  readonly label: string;
  readonly href: string;
  readonly tone: "good" | "warn" | "bad" | "accent";
};

/** Colours as the style sheet resolves them: a canvas cannot read custom properties. */
export type PlotColours = Readonly<
  Record<"first" | "fill" | "second" | "grid" | "text" | "panel" | "good" | "warn" | "bad" | "accent", string>
>;

export function readColours(element: HTMLElement): PlotColours {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    first: read("--chart-line"),
    fill: read("--chart-fill"),
    second: read("--chart-second"),
    grid: read("--chart-grid"),
    text: read("--chart-text"),
    panel: read("--panel"),
    good: read("--good"),
    warn: read("--warn"),
    bad: read("--bad"),
    accent: read("--accent"),
  };
}

const clock = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat("en-GB", options);
const SECONDS = clock({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const MINUTES = clock({ hour: "2-digit", minute: "2-digit" });
const DAYS = clock({ day: "numeric", month: "short" });

/** Ticks of the time axis: a midnight is named by its day, and days are enough from a day's spacing on. */
export function timeTick(at_s: number, spacing_s: number): string {
  const at = new Date(at_s * 1_000);
  if (spacing_s >= 86_400 || (at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0)) return DAYS.format(at);
  return spacing_s < 60 ? SECONDS.format(at) : MINUTES.format(at);
}

/** Indexes of values that have no neighbour: without a dot they would not be seen at all. */
export function loneValues(values: ArrayLike<number | null | undefined>): number[] {
  const lone: number[] = [];
  for (let index = 0; index < values.length; index += 1) {
    if (values[index] != null && values[index - 1] == null && values[index + 1] == null) lone.push(index);
  }
  return lone;
}

/** Whether something is missing between the first and the last value: before and after there is nothing to break. */
export function hasGap(values: readonly (number | null)[]): boolean {
  const first = values.findIndex((value) => value !== null);
  const last = values.findLastIndex((value) => value !== null);
  return first >= 0 && values.slice(first, last).includes(null);
}

const MARK_TOP = 9;

function drawMarks(plot: uPlot, marks: readonly PlotMark[], colours: PlotColours): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  for (const mark of marks) {
    const x = Math.round(plot.valToPos(mark.at_ms / 1_000, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = colours[mark.tone];
    ctx.fillStyle = colours[mark.tone];
    ctx.globalAlpha = 0.45;
    ctx.lineWidth = ratio;
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top + MARK_TOP * ratio);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    const half = 3.5 * ratio;
    ctx.fillRect(x - half, bbox.top, 2 * half, 2 * half);
  }
  ctx.restore();
}

type PlotSetup = {
  readonly width: number;
  readonly height: number;
  readonly series: readonly PlotSeries[];
  readonly colours: PlotColours;
  /** The shared crosshair: plots of one key move together. */
  readonly syncKey: string;
  readonly marks: () => readonly PlotMark[];
  readonly onZoom: (range_s: readonly [number, number]) => void;
  readonly onCursor: (plot: uPlot) => void;
};

export function plotOptions(setup: PlotSetup): uPlot.Options {
  const { colours, series } = setup;
  const narrow = setup.width < 480;
  const font = '11px "Inter Variable", system-ui, sans-serif';
  const valueAxis = (one: PlotSeries): uPlot.Axis => ({
    scale: one.axis,
    side: one.axis === "left" ? 3 : 1,
    size: narrow ? 68 : 74,
    gap: 6,
    font,
    stroke: colours.text,
    ticks: { show: false },
    grid: { show: one.axis === "left", stroke: colours.grid, width: 1 },
    values: (_plot, splits) => splits.map((split) => one.format(split)),
  });
  const fromZero: uPlot.Range.Function = (_plot, _min, max) => [0, max > 0 ? max * 1.12 : 1];
  return {
    width: setup.width,
    height: setup.height,
    // Half of the last time label stands beyond the right edge.
    padding: [8, series.some((one) => one.axis === "right") ? 0 : 28, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: setup.syncKey, setSeries: false },
      drag: { x: true, y: false, setScale: false, dist: 6 },
      points: { size: 8 },
      focus: { prox: 24 },
    },
    scales: { x: { time: true }, left: { range: fromZero }, right: { range: fromZero } },
    axes: [
      {
        font,
        stroke: colours.text,
        size: 28,
        gap: 6,
        space: narrow ? 56 : 80,
        ticks: { show: false },
        grid: { show: false },
        values: (_plot, splits, _index, _space, spacing_s) => splits.map((split) => timeTick(split, spacing_s)),
      },
      // Series of one scale share its axis.
      ...series.filter((one, index) => series.findIndex((other) => other.axis === one.axis) === index).map(valueAxis),
    ],
    series: [
      {},
      ...series.map(
        (one): uPlot.Series => ({
          label: one.label,
          scale: one.axis,
          stroke: colours[one.tone],
          width: 1.5,
          ...(one.tone === "first" ? { fill: colours.fill } : { dash: [5, 3] }),
          points: {
            show: true,
            size: 4,
            filter: (plot, index) => loneValues(plot.data[index] ?? []),
          },
        }),
      ),
    ],
    hooks: {
      draw: [(plot) => drawMarks(plot, setup.marks(), colours)],
      setCursor: [setup.onCursor],
      setSelect: [
        (plot) => {
          if (plot.select.width < 4) return;
          const from_s = plot.posToVal(plot.select.left, "x");
          const to_s = plot.posToVal(plot.select.left + plot.select.width, "x");
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          setup.onZoom([Math.floor(from_s), Math.ceil(to_s)]);
        },
      ],
    },
  };
}
