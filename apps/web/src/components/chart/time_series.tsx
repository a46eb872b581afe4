"use client";
import { Table2, ZoomOut } from "lucide-react";
import dynamic from "next/dynamic";
import { Component, type ReactNode, useState } from "react";
import { Moment } from "@/components/data/when.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { hasGap, type PlotMark, type PlotSeries } from "./plot_options.ts";

const Plot = dynamic(() => import("./plot.tsx"), { ssr: false, loading: () => <Skeleton className="h-full w-full" /> });

export type Zoom = readonly [from_s: number, to_s: number];

type TimeSeriesProps = {
  /** One sentence for those who do not see the picture. */
  readonly summary: string;
  readonly at_ms: readonly number[];
  readonly series: readonly PlotSeries[];
  readonly marks?: readonly PlotMark[];
  readonly syncKey: string;
  readonly zoom: Zoom | null;
  readonly onZoom: (zoom: Zoom | null) => void;
  /** What a break in the line means. */
  readonly gapMeans: string;
  readonly height?: number;
};

const NO_MARKS: readonly PlotMark[] = [];

/** Values over time: drag to zoom, one crosshair for all charts of a page, and the same numbers as a table. */
export function TimeSeries({
  summary,
  at_ms,
  series,
  marks = NO_MARKS,
  syncKey,
  zoom,
  onZoom,
  gapMeans,
  height = 260,
}: TimeSeriesProps) {
  const [asTable, setAsTable] = useState(false);
  const broken = series.some((one) => hasGap(one.values));
  return (
    <figure className="flex min-w-0 flex-col">
      <figcaption className="sr-only">{summary}</figcaption>
      {asTable ? (
        <SeriesTable at_ms={at_ms} series={series} height={height} />
      ) : (
        <div style={{ height }} className="min-w-0">
          <PlotBoundary instead={<SeriesTable at_ms={at_ms} series={series} height={height} />}>
            <Plot at_ms={at_ms} series={series} marks={marks} syncKey={syncKey} zoom={zoom} onZoom={onZoom} height={height} />
          </PlotBoundary>
        </div>
      )}
      <div className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1 pt-1 text-xs text-ink-3">
        {series.length < 2 ? null : (
          <ul className="flex gap-3">
            {series.map((one) => (
              <li key={one.label} className="flex items-center gap-1.5">
                <svg aria-hidden width="18" height="4" className="keep-shape">
                  <line
                    x1="0"
                    x2="18"
                    y1="2"
                    y2="2"
                    strokeWidth="2"
                    stroke={one.tone === "first" ? "var(--chart-line)" : "var(--chart-second)"}
                    strokeDasharray={one.tone === "first" ? undefined : "5 3"}
                  />
                </svg>
                {one.label}
              </li>
            ))}
          </ul>
        )}
        <p className="grow">
          {broken ? gapMeans : null}
          {marks.length === 0 ? null : (
            <span className="whitespace-nowrap">
              {broken ? " " : ""}
              <span aria-hidden className="keep-shape mr-1 inline-block size-1.5 bg-accent" />
              marks a block
            </span>
          )}
        </p>
        {zoom === null ? (
          <span className="hidden pointer-fine:inline">Drag across to zoom</span>
        ) : (
          <Button size="sm" variant="ghost" onClick={() => onZoom(null)}>
            <ZoomOut />
            Whole window
          </Button>
        )}
        <Button size="sm" variant="ghost" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          <Table2 />
          {asTable ? "Chart" : "Table"}
        </Button>
      </div>
    </figure>
  );
}

type BoundaryProps = { readonly instead: ReactNode; readonly children: ReactNode };

/** A browser that cannot draw the picture still gets the numbers, and the rest of the page stays. */
class PlotBoundary extends Component<BoundaryProps, { readonly failed: boolean }> {
  override state = { failed: false };
  static getDerivedStateFromError() {
    return { failed: true };
  }
  override render() {
    return this.state.failed ? this.props.instead : this.props.children;
  }
}

const TABLE_ROWS_MAX = 500;

function SeriesTable({ at_ms, series, height }: Pick<TimeSeriesProps, "at_ms" | "series"> & { readonly height: number }) {
  const rows = at_ms.map((at, index) => ({ at, index })).reverse();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling box must be reachable by keyboard
    <section tabIndex={0} style={{ height }} className="quiet-scroll focus-inset overflow-auto" aria-label="Values">
      <table className="w-full text-sm tabular">
        <thead className="sticky top-0 bg-panel text-xs text-ink-3">
          <tr className="border-b border-line">
            <th scope="col" className="px-2 py-1 text-left font-medium">
              Time
            </th>
            {series.map((one) => (
              <th key={one.label} scope="col" className="px-2 py-1 text-right font-medium">
                {one.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, TABLE_ROWS_MAX).map(({ at, index }) => (
            <tr key={at} className="border-b border-line/60">
              <td className="px-2 py-1">
                <Moment at_ms={at} />
              </td>
              {series.map((one) => {
                const value = one.values[index] ?? null;
                return (
                  <td key={one.label} className="px-2 py-1 text-right">
                    {value === null ? <span className="text-ink-3">not measured</span> : one.format(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
