"use client";
import type { WorkerDetailDto } from "@otedama/shared";
import { formatDifficulty, formatHashrate, groupedCount, hashrateQuantity } from "@otedama/shared/units";
import Link from "next/link";
import { useMemo } from "react";
import type { PlotMark } from "@/components/chart/plot_options.ts";
import { TimeSeries, type Zoom } from "@/components/chart/time_series.tsx";
import { QuantityText } from "@/components/data/quantity.tsx";
import { BLOCK_LOOKS, WorkerStateStatus } from "@/components/data/states.tsx";
import { When } from "@/components/data/when.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { Facts } from "@/components/ui/panel.tsx";
import { fromFirstMeasured } from "@/lib/series.ts";
import { windowLabel } from "@/lib/window.ts";

export function WorkerFacts({ worker }: { readonly worker: WorkerDetailDto }) {
  return (
    <Facts
      facts={[
        { name: "State", value: <WorkerStateStatus state={worker.state} /> },
        {
          name: "Account",
          value: (
            <span className="flex flex-wrap items-center gap-x-3">
              <Copyable text={worker.account_address} what="address" />
              <Link
                href={`/balances/${worker.account_id}`}
                className="inline-flex min-h-6 items-center text-accent hover:underline"
              >
                Balance
              </Link>
            </span>
          ),
        },
        { name: "Software", value: worker.user_agent === "" ? "not told" : worker.user_agent },
        { name: "Connections", value: groupedCount(worker.connections) },
        { name: "Difficulty", value: formatDifficulty(worker.difficulty) },
        { name: "Last share", value: worker.last_share_at_ms === null ? "never" : <When at_ms={worker.last_share_at_ms} /> },
        { name: "First seen", value: <When at_ms={worker.first_seen_at_ms} /> },
      ]}
    />
  );
}

export function WorkerRates({ worker }: { readonly worker: WorkerDetailDto }) {
  const rates = [
    { basis: "1 min", hps: worker.hashrate_hps.m1 },
    { basis: "15 min", hps: worker.hashrate_hps.m15 },
    { basis: "1 day", hps: worker.hashrate_hps.d1 },
  ];
  return (
    <dl aria-label="Hashrate" className="grid grid-cols-3 gap-px overflow-hidden rounded-md border border-line bg-line">
      {rates.map((rate) => (
        <div key={rate.basis} className="bg-panel px-3 py-2">
          <dt className="text-2xs text-ink-3">
            <span className="max-sm:sr-only">Hashrate, </span>
            {rate.basis}
          </dt>
          <dd className="text-lg font-semibold tabular">
            <QuantityText quantity={hashrateQuantity(rate.hps)} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

type HistoryProps = {
  readonly worker: WorkerDetailDto;
  readonly zoom: Zoom | null;
  readonly onZoom: (zoom: Zoom | null) => void;
  readonly height: number;
};

export function WorkerHistory({ worker, zoom, onZoom, height }: HistoryProps) {
  const { series } = useMemo(() => fromFirstMeasured(worker.series), [worker.series]);
  const plotted = useMemo(
    () => [{ label: "Hashrate", values: series.hashrate_hps, tone: "first", format: formatHashrate, axis: "left" } as const],
    [series],
  );
  const marks = useMemo(
    () =>
      worker.blocks.map(
        (block): PlotMark => ({
          at_ms: block.found_at_ms,
          label: `Block ${block.height}, ${BLOCK_LOOKS[block.state].word.toLowerCase()}`,
          href: `/blocks/${block.hash}`,
          tone: block.state === "orphaned" || block.state === "rejected" ? "bad" : "accent",
        }),
      ),
    [worker.blocks],
  );
  return (
    <TimeSeries
      summary={`Hashrate of ${worker.name} over the last ${windowLabel(worker.window)}; now ${formatHashrate(worker.hashrate_hps.m15)} over 15 minutes.`}
      at_ms={series.at_ms}
      series={plotted}
      marks={marks}
      syncKey="worker"
      zoom={zoom}
      onZoom={onZoom}
      gapMeans="A break in the line: nothing was measured then."
      height={height}
    />
  );
}
