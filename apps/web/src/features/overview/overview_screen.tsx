"use client";
import type { BlockDto, OverviewDto } from "@otedama/shared";
import { formatHashrate, formatPercent, groupedCount } from "@otedama/shared/units";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Cable } from "lucide-react";
import Link from "next/link";
import { useQueryState } from "nuqs";
import { useMemo } from "react";
import type { PlotMark } from "@/components/chart/plot_options.ts";
import { TimeSeries } from "@/components/chart/time_series.tsx";
import { BlocksTable } from "@/components/data/blocks_table.tsx";
import { MinerInstructions } from "@/components/data/miner_instructions.tsx";
import { SharesByResult } from "@/components/data/shares_by_result.tsx";
import { BLOCK_LOOKS } from "@/components/data/states.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { LiveRegion } from "@/components/ui/live_region.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Segmented } from "@/components/ui/segmented.tsx";
import { isStale } from "@/lib/live/freshness.ts";
import { useFreshness, useLive } from "@/lib/live/provider.tsx";
import { fromFirstMeasured } from "@/lib/series.ts";
import { useTRPC } from "@/lib/trpc.tsx";
import { parseAsWindow, parseAsZoom, WINDOW_CHOICES, windowLabel } from "@/lib/window.ts";
import { BlockStrip } from "./block_strip.tsx";
import { OverviewFigures } from "./figures.tsx";
import { PointAMiner } from "./point_a_miner.tsx";
import { FleetInBrief, PoolParts, WorkInHand } from "./pool_parts.tsx";

import { overviewSentence } from "./sentence.ts";

const MARK_TONES: Readonly<Record<BlockDto["state"], PlotMark["tone"]>> = {
  found: "accent",
  pending: "accent",
  confirmed: "accent",
  orphaned: "bad",
  rejected: "bad",
};

export function OverviewScreen({ initial }: { readonly initial: OverviewDto }) {
  const trpc = useTRPC();
  const [window, setWindow] = useQueryState("window", parseAsWindow.withOptions({ history: "push" }));
  const [zoom, setZoom] = useQueryState("zoom", parseAsZoom.withOptions({ history: "push" }));
  const query = useQuery({
    ...trpc.overview.get.queryOptions({ window }),
    ...(window === initial.window ? { initialData: initial } : {}),
    placeholderData: keepPreviousData,
  });
  const overview = query.data ?? initial;
  const live = useLive(overview.live);
  const stale = isStale(useFreshness());
  const sentence = overviewSentence(live);
  const { pool } = live;

  return (
    <Page
      kicker="Overview"
      sentence={sentence}
      action={
        <>
          <Segmented
            label="Window of charts and means"
            value={window}
            choices={WINDOW_CHOICES}
            onChoose={(next) => {
              void setZoom(null);
              void setWindow(next);
            }}
          />
          <PointAMiner />
        </>
      }
    >
      <LiveRegion text={sentence} />
      {query.isError ? (
        <Problem title="The newest history could not be fetched" onRetry={() => void query.refetch()}>
          What you see is older; live figures go on. The server did not answer or its database is away.
        </Problem>
      ) : null}
      <OverviewFigures overview={overview} live={live} stale={stale} />
      <BlockStrip blocks={overview.blocks} pool={pool} />
      <div className="grid grid-cols-1 items-start gap-4 xl:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="flex min-w-0 flex-col gap-4">
          <HashrateHistory
            overview={overview}
            zoom={zoom}
            onZoom={(next) => void setZoom(next)}
            waiting={query.isPlaceholderData}
          />
          <Panel
            flush={overview.blocks.length > 0}
            title="Blocks"
            note={`${groupedCount(overview.blocks_total)} found in all`}
            action={
              <Link href="/blocks" className="text-sm font-medium text-accent hover:underline">
                All blocks
              </Link>
            }
          >
            {overview.blocks.length === 0 ? (
              pool?.workers_online === 0 ? (
                <Empty icon={Cable} title="Nobody mines here yet">
                  <p>Point a miner at the pool; its first shares show within seconds.</p>
                  <MinerInstructions />
                </Empty>
              ) : (
                <p className="text-sm text-ink-3">None yet. Each block found is listed here with its effort, reward and state.</p>
              )
            ) : (
              <BlocksTable blocks={overview.blocks} caption="Recent blocks" />
            )}
          </Panel>
        </div>
        <div className={`grid gap-4 transition-opacity sm:grid-cols-2 xl:grid-cols-1 ${stale ? "opacity-60" : ""}`}>
          <Panel title="Shares" note="since the pool started">
            {pool === null ? (
              <p className="text-sm text-ink-3">No pool is connected.</p>
            ) : (
              <SharesByResult shares={pool.shares} />
            )}
          </Panel>
          <Panel
            title="Rigs"
            note="now"
            action={
              <Link href="/rigs" className="text-sm font-medium text-accent hover:underline">
                All rigs
              </Link>
            }
          >
            <FleetInBrief agents={live.agents} />
          </Panel>
          <Panel title="Parts" note="now">
            <PoolParts live={live} />
          </Panel>
          {pool === null || pool.job === null ? null : (
            <Panel title="Work in hand" note="what miners have now">
              <WorkInHand job={pool.job} />
            </Panel>
          )}
        </div>
      </div>
    </Page>
  );
}

type HistoryProps = {
  readonly overview: OverviewDto;
  readonly zoom: readonly [number, number] | null;
  readonly onZoom: (zoom: readonly [number, number] | null) => void;
  readonly waiting: boolean;
};

function HashrateHistory({ overview, zoom, onZoom, waiting }: HistoryProps) {
  const { series, cut } = useMemo(() => fromFirstMeasured(overview.series), [overview.series]);
  const plotted = useMemo(
    () => [{ label: "Hashrate", values: series.hashrate_hps, tone: "first", format: formatHashrate, axis: "left" } as const],
    [series],
  );
  const marks = useMemo(
    () =>
      overview.blocks.map(
        (block): PlotMark => ({
          at_ms: block.found_at_ms,
          label: `Block ${block.height}, ${BLOCK_LOOKS[block.state].word.toLowerCase()}, effort ${formatPercent(block.effort)}`,
          href: `/blocks/${block.hash}`,
          tone: MARK_TONES[block.state],
        }),
      ),
    [overview.blocks],
  );
  const known = series.hashrate_hps.filter((value) => value !== null);
  const highest = Math.max(0, ...known);
  return (
    <Panel
      title="Hashrate"
      note={`of accepted shares · ${cut ? "since measuring began" : `last ${windowLabel(overview.window)}`} · steps of ${series.step_s >= 3_600 ? `${series.step_s / 3_600} h` : series.step_s >= 60 ? `${series.step_s / 60} min` : `${series.step_s} s`}`}
    >
      <div className={waiting ? "opacity-60 transition-opacity" : "transition-opacity"}>
        <TimeSeries
          summary={`Hashrate over the last ${windowLabel(overview.window)}: ${known.length} measured steps, at most ${formatHashrate(highest)}; ${marks.length} recent blocks are marked.`}
          at_ms={series.at_ms}
          series={plotted}
          marks={marks}
          syncKey="overview"
          zoom={zoom}
          onZoom={onZoom}
          gapMeans="A break in the line: nothing was measured then."
        />
      </div>
    </Panel>
  );
}
