"use client";
import type { StatisticsPageDto } from "@otedama/shared";
import { statisticsCsv } from "@otedama/shared/statistics";
import { formatDifficulty, formatDuration, formatPercent, groupedCount, hashrateQuantity } from "@otedama/shared/units";
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useQueryState } from "nuqs";
import { useMemo } from "react";
import { TimeSeries } from "@/components/chart/time_series.tsx";
import { plural } from "@/components/data/plural.ts";
import { QuantityText } from "@/components/data/quantity.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Figure, Figures } from "@/components/ui/figure.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { parseAsZoom } from "@/lib/window.ts";
import { LuckTable, RejectsTable, SuspectsTable } from "./statistics_tables.tsx";

const REFRESH_MS = 30_000;

export function StatisticsScreen({ initial }: { readonly initial: StatisticsPageDto }) {
  const trpc = useTRPC();
  const query = useQuery({ ...trpc.statistics.get.queryOptions(), initialData: initial, refetchInterval: REFRESH_MS });
  const { statistics, suspects } = query.data;
  return (
    <Page
      kicker="Pool · Statistics"
      sentence={sentence(query.data)}
      action={
        <Button onClick={() => save(query.data)}>
          <Download />
          CSV
        </Button>
      }
    >
      {query.isError ? (
        <Problem title="The newest statistics could not be fetched" onRetry={() => void query.refetch()}>
          What you see is older. The server did not answer or its database is away.
        </Problem>
      ) : null}
      <StatisticsFigures {...query.data} />
      <Panel title="Luck" note="summed effort of the last blocks, in blocks">
        <LuckChart efforts={statistics.efforts} />
      </Panel>
      <div className="grid grid-cols-1 items-start gap-4 xl:grid-cols-2">
        <Panel title="Luck by window" note="with 95 % bounds" flush>
          <LuckTable luck={statistics.luck} />
        </Panel>
        <Panel title="Refused shares" note="of all shares that were judged" flush>
          <RejectsTable rejects={statistics.rejects} />
        </Panel>
      </div>
      <Panel
        title="Missing blocks"
        note={`${plural(statistics.withholding.tested, "worker has", "workers have")} enough work to be judged`}
        flush={suspects.length > 0}
      >
        <SuspectsTable statistics={statistics} suspects={suspects} />
      </Panel>
    </Page>
  );
}

/** The longest window with a bound that says something, in words. */
function sentence({ statistics, suspects }: StatisticsPageDto): string {
  const { luck, withholding } = statistics;
  const told = luck.filter((one) => one.value !== null && one.blocks > 0).at(-1);
  if (told === undefined || told.value === null) return "No block has been found yet: luck is told from the first one on.";
  const percent = formatPercent(told.value);
  const ordinary = told.low !== null && told.high !== null && told.low <= 1 && told.high >= 1;
  const verdict = ordinary ? "which is ordinary" : told.value > 1 ? "better than chance explains" : "worse than chance explains";
  const first = suspects.find((suspect) => suspect.suspicion === "alarm");
  const missing =
    withholding.alarms === 0
      ? "no worker is short of blocks beyond chance"
      : `${withholding.alarms === 1 ? `one worker (${first?.worker_name ?? "unnamed"}) is` : `${groupedCount(withholding.alarms)} workers are`} short of blocks beyond chance`;
  return `Luck over ${told.window} is ${percent}, ${verdict}; ${missing}.`;
}

function StatisticsFigures({ statistics }: StatisticsPageDto) {
  const { network, hashrate_h1_hps, next_block_s, luck, rejects } = statistics;
  const recent = luck.find((one) => one.window === "100 blocks");
  const day = rejects.find((one) => one.window === "24 h");
  const refused = day === undefined ? 0 : day.stale + day.duplicate + day.low_difficulty + day.invalid;
  const judged = refused + (day?.accepted ?? 0);
  return (
    <Figures label="Key figures">
      <Figure
        name="Network difficulty"
        basis={network === null ? "unknown" : `block ${groupedCount(network.height)}`}
        value={network === null ? "–" : formatDifficulty(network.difficulty)}
      />
      <Figure
        name="Hashrate"
        basis="1 hour"
        value={hashrate_h1_hps === null ? "–" : <QuantityText quantity={hashrateQuantity(hashrate_h1_hps)} />}
        change="from accepted shares in the database"
      />
      <Figure
        name="Next block"
        basis="at this hashrate"
        value={next_block_s === null ? "–" : `≈ ${formatDuration(next_block_s.mean)}`}
        change={
          next_block_s === null
            ? "needs a hashrate"
            : `90\u00a0% within ${formatDuration(next_block_s.p05)} … ${formatDuration(next_block_s.p95)}`
        }
      />
      <Figure
        name="Luck"
        basis={recent === undefined || recent.blocks === 0 ? "no block yet" : `last ${plural(recent.blocks, "block", "blocks")}`}
        value={recent?.value == null ? "–" : formatPercent(recent.value)}
        change={
          recent?.low == null || recent.high == null ? null : `${formatPercent(recent.low)} … ${formatPercent(recent.high)}`
        }
      />
      <Figure
        name="Shares refused"
        basis="24 h"
        value={judged === 0 ? "–" : formatPercent(refused / judged)}
        change={`${groupedCount(refused)} of ${groupedCount(judged)}`}
      />
    </Figures>
  );
}

/** The line of the sum runs between the two of chance; above them too much work went into too few blocks. */
function LuckChart({ efforts }: { readonly efforts: StatisticsPageDto["statistics"]["efforts"] }) {
  const [zoom, setZoom] = useQueryState("zoom", parseAsZoom);
  const series = useMemo(() => {
    const blocks = (value: number) => value.toFixed(value < 10 ? 1 : 0);
    return [
      {
        label: "Work done",
        values: efforts.map((one) => one.sum),
        tone: "first" as const,
        format: blocks,
        axis: "left" as const,
      },
      {
        label: "Least by chance",
        values: efforts.map((one) => one.sum_low),
        tone: "second" as const,
        format: blocks,
        axis: "left" as const,
      },
      {
        label: "Most by chance",
        values: efforts.map((one) => one.sum_high),
        tone: "second" as const,
        format: blocks,
        axis: "left" as const,
      },
    ];
  }, [efforts]);
  const at_ms = useMemo(() => efforts.map((one) => one.found_at_ms), [efforts]);
  if (efforts.length < 2) {
    return <p className="text-sm text-ink-3">The picture begins with the second block. Each block adds the work that it took.</p>;
  }
  const last = efforts.at(-1);
  return (
    <TimeSeries
      summary={`The last ${efforts.length} blocks took the work of ${last?.sum.toFixed(1)} expected ones; chance lies between ${last?.sum_low.toFixed(1)} and ${last?.sum_high.toFixed(1)}.`}
      at_ms={at_ms}
      series={series}
      syncKey="luck"
      zoom={zoom}
      onZoom={(range) => void setZoom(range)}
      gapMeans=""
    />
  );
}

/** Made here of what is shown, by the function that also writes the API's table. */
function save({ statistics, suspects }: StatisticsPageDto): void {
  const url = URL.createObjectURL(new Blob([statisticsCsv(statistics, suspects)], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `otedama-statistics-${new Date(statistics.at_ms).toISOString().slice(0, 10)}.csv`;
  link.click();
  URL.revokeObjectURL(url);
}
