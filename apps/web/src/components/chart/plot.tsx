"use client";
import { useRouter } from "next/navigation";
import { useTheme } from "next-themes";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import uPlot from "uplot";
import { absoluteTime } from "@/components/data/when.tsx";
import { type PlotMark, type PlotSeries, plotOptions, readColours } from "./plot_options.ts";
import type { Zoom } from "./time_series.tsx";

type PlotProps = {
  readonly at_ms: readonly number[];
  readonly series: readonly PlotSeries[];
  readonly marks: readonly PlotMark[];
  readonly syncKey: string;
  readonly zoom: Zoom | null;
  readonly onZoom: (zoom: Zoom) => void;
  readonly height: number;
};

/** How near the pointer must come to a mark to mean it. */
const MARK_REACH_PX = 7;

function nearestMark(plot: uPlot, marks: readonly PlotMark[], left: number): PlotMark | null {
  let best: PlotMark | null = null;
  let reach = MARK_REACH_PX;
  for (const mark of marks) {
    const distance = Math.abs(plot.valToPos(mark.at_ms / 1_000, "x") - left);
    if (distance <= reach) {
      best = mark;
      reach = distance;
    }
  }
  return best;
}

/** The canvas itself. It is made anew only when the theme or the kind of series changes; new values are set into it. */
export default function Plot({ at_ms, series, marks, syncKey, zoom, onZoom, height }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const tip = useRef<HTMLDivElement>(null);
  const { resolvedTheme } = useTheme();
  const router = useRouter();
  const [width, setWidth] = useState(0);

  useEffect(() => {
    if (box.current === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);

  const zoomed = useEffectEvent((range_s: readonly [number, number]) => onZoom(range_s));
  const currentMarks = useEffectEvent(() => marks);

  const showTip = useEffectEvent((chart: uPlot) => {
    const element = tip.current;
    if (element === null) return;
    const { left = -1, idx } = chart.cursor;
    if (left < 0 || idx == null) {
      element.hidden = true;
      return;
    }
    const mark = nearestMark(chart, marks, left);
    const lines = series.map((one) => {
      const value = one.values[idx] ?? null;
      return `${one.label}  ${value === null ? "not measured" : one.format(value)}`;
    });
    const at = at_ms[idx];
    element.textContent = [at === undefined ? "" : absoluteTime(at), ...lines, ...(mark === null ? [] : [mark.label])].join("\n");
    element.hidden = false;
    chart.over.style.cursor = mark === null ? "crosshair" : "pointer";
    const room = chart.over.offsetWidth;
    const offset = chart.over.offsetLeft;
    const own = element.offsetWidth;
    element.style.transform = `translate(${offset + (left + own + 16 > room ? left - own - 12 : left + 12)}px, 12px)`;
  });

  const follow = useEffectEvent((chart: uPlot) => {
    const mark = nearestMark(chart, marks, chart.cursor.left ?? -1);
    if (mark !== null) router.push(mark.href);
  });

  const kinds = series.map((one) => `${one.label}/${one.axis}`).join();
  const make = useEffectEvent((element: HTMLDivElement) => {
    const options = plotOptions({
      width,
      height,
      series,
      colours: readColours(element),
      syncKey,
      marks: () => currentMarks(),
      onZoom: (range_s) => zoomed(range_s),
      onCursor: (chart) => showTip(chart),
    });
    return new uPlot(options, plotData(at_ms, series), element);
  });

  const ready = width > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: theme and kinds are what a plot cannot change once it is made
  useEffect(() => {
    if (!ready || box.current === null) return;
    const made = make(box.current);
    plot.current = made;
    const click = () => follow(made);
    made.over.addEventListener("click", click);
    return () => {
      made.over.removeEventListener("click", click);
      made.destroy();
      plot.current = null;
    };
  }, [ready, resolvedTheme, kinds, syncKey]);

  useEffect(() => {
    if (ready) plot.current?.setSize({ width, height });
  }, [ready, width, height]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a plot made anew must be given its values and range again
  useEffect(() => {
    const chart = plot.current;
    if (chart === null) return;
    const [from, to] = zoom ?? [(at_ms[0] ?? 0) / 1_000, (at_ms.at(-1) ?? 1) / 1_000];
    chart.batch(() => {
      chart.setData(plotData(at_ms, series));
      chart.setScale("x", { min: from, max: Math.max(to, from + 1) });
    });
  }, [at_ms, series, marks, zoom, ready, resolvedTheme, kinds]);

  return (
    <div ref={box} aria-hidden className="relative h-full w-full overflow-hidden">
      <div
        ref={tip}
        hidden
        className="pointer-events-none absolute top-0 left-0 z-10 whitespace-pre rounded-md border border-line bg-raised px-2 py-1 text-xs leading-5 text-ink shadow-pop tabular"
      />
    </div>
  );
}

function plotData(at_ms: readonly number[], series: readonly PlotSeries[]): uPlot.AlignedData {
  return [at_ms.map((at) => at / 1_000), ...series.map((one) => [...one.values])] as uPlot.AlignedData;
}
