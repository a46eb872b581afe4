"use client";
import type { HashrateSeries, MinerDto, MinerSettingsDto } from "@otedama/shared";
import { formatHashrate, formatSats, hashrateQuantity, shortenMiddle } from "@otedama/shared/units";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { Boxes } from "lucide-react";
import { parseAsString, useQueryState } from "nuqs";
import { useMemo, useState } from "react";
import type { PlotMark } from "@/components/chart/plot_options.ts";
import { TimeSeries } from "@/components/chart/time_series.tsx";
import { plural } from "@/components/data/plural.ts";
import { QuantityText } from "@/components/data/quantity.tsx";
import { SharesByResult } from "@/components/data/shares_by_result.tsx";
import { When } from "@/components/data/when.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Figure, Figures } from "@/components/ui/figure.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Segmented } from "@/components/ui/segmented.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { fromFirstMeasured } from "@/lib/series.ts";
import { parseAsWindow, parseAsZoom, WINDOW_CHOICES, windowLabel } from "@/lib/window.ts";
import { readMiner, readSeries } from "./miner_api.ts";
import { MinerBlocks } from "./miner_blocks.tsx";
import { MinerBalance, MinerPayouts } from "./miner_money.tsx";
import { MinerWorkers } from "./miner_workers.tsx";
import { NoticesLink } from "./notices_link.tsx";
import { ReceiptCheck } from "./receipt_check.tsx";
import { SettingsForm } from "./settings_form.tsx";

/** The page asks again by itself, and not while nobody looks at it. */
const FRESH_MS = 5_000;
const SERIES_FRESH_MS = 30_000;

const parseAsHash = parseAsString.withOptions({ history: "push" });

export function MinerScreen({ initial }: { readonly initial: MinerDto }) {
  const { address } = initial;
  const cache = useQueryClient();
  const key = ["miner", "summary", address];
  const query = useQuery({
    queryKey: key,
    queryFn: () => readMiner(address),
    initialData: initial,
    refetchInterval: FRESH_MS,
  });
  const miner = query.data;
  const [block, setBlock] = useQueryState("block", parseAsHash);
  // What is being read does not change under the eye because a newer block came.
  const [first] = useState(() => newestReceipt(initial));
  const shown = block ?? first ?? newestReceipt(miner);
  const height = miner.blocks.find((one) => one.hash === shown)?.height;

  const changed = (settings: MinerSettingsDto) => {
    cache.setQueryData<MinerDto>(key, (now) => (now === undefined ? now : { ...now, settings }));
    void query.refetch();
  };

  return (
    <Page
      kicker={
        <>
          Miner · <Copyable text={address} what="address" />
        </>
      }
      sentence={sentence(miner)}
    >
      {query.isError ? (
        <Problem title="The newest figures could not be fetched" onRetry={() => void query.refetch()}>
          What you see is from <When at_ms={miner.at_ms} />. {query.error.message}
        </Problem>
      ) : null}
      <NoticesLink address={address} onChanged={changed} />
      <Figures label="Hashrate" stale={query.isError}>
        {RATES.map(({ key: rate, name, basis }) => (
          <Figure
            key={rate}
            name={name}
            basis={basis}
            value={<QuantityText quantity={hashrateQuantity(miner.hashrate_hps[rate])} />}
          />
        ))}
      </Figures>
      <MinerBalance balance={miner.balance} />
      <div className="grid grid-cols-1 items-start gap-4 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <History miner={miner} />
        <Panel title="Shares" note="since the first">
          <SharesByResult shares={miner.shares} />
        </Panel>
      </div>
      <Panel title="Blocks" note="with your part in each, newest first" flush={miner.blocks.length > 0}>
        {miner.blocks.length === 0 ? (
          <Empty icon={Boxes} title="No block yet">
            <p>When the pool finds one, your part in it appears here with a receipt that this browser checks.</p>
          </Empty>
        ) : (
          <>
            {shown === null ? null : (
              <div className="border-t border-line px-4 py-3">
                <h3 className="mb-2 text-sm text-ink-2">Receipt of block {height ?? shortenMiddle(shown)}</h3>
                <ReceiptCheck
                  key={shown}
                  address={address}
                  hash={shown}
                  height={height ?? 0}
                  onBlock={(hash) => void setBlock(hash)}
                />
              </div>
            )}
            <MinerBlocks blocks={miner.blocks} checked={shown} onCheck={(hash) => void setBlock(hash)} />
          </>
        )}
      </Panel>
      <Panel title="Workers" note={plural(miner.workers_total, "worker", "workers")} flush>
        <MinerWorkers miner={miner} />
      </Panel>
      <Panel title="Payouts" note="newest first" flush>
        <MinerPayouts payouts={miner.payouts} />
      </Panel>
      <Panel title="Settings" id="settings">
        <SettingsForm miner={miner} onChanged={changed} />
      </Panel>
    </Page>
  );
}

const newestReceipt = (miner: MinerDto): string | null => miner.blocks.find((one) => one.receipt)?.hash ?? null;

const RATES = [
  { key: "m15", name: "Hashrate", basis: "15 min" },
  { key: "m1", name: "Hashrate", basis: "1 min" },
  { key: "h1", name: "Hashrate", basis: "1 h" },
  { key: "d1", name: "Hashrate", basis: "24 h" },
  { key: "d7", name: "Hashrate", basis: "7 d" },
] as const;

function sentence(miner: MinerDto): string {
  const { available_sats, pending_sats } = miner.balance;
  const works =
    miner.workers_mining === 0
      ? `None of ${plural(miner.workers_total, "worker", "workers")} is mining`
      : `${plural(miner.workers_mining, "worker mines", "workers mine")} at ${formatHashrate(miner.hashrate_hps.m15)} (15 min)`;
  return `${works}; ${formatSats(available_sats)} BTC are owed, ${formatSats(pending_sats)} BTC wait for confirmations.`;
}

function History({ miner }: { readonly miner: MinerDto }) {
  const [window, setWindow] = useQueryState("window", parseAsWindow.withOptions({ history: "push" }));
  const [zoom, setZoom] = useQueryState("zoom", parseAsZoom.withOptions({ history: "push" }));
  const query = useQuery({
    queryKey: ["miner", "series", miner.address, window],
    queryFn: () => readSeries(miner.address, window),
    placeholderData: keepPreviousData,
    refetchInterval: SERIES_FRESH_MS,
  });
  return (
    <Panel
      title="Hashrate"
      note={windowLabel(window)}
      action={
        <Segmented
          label="Window of the chart"
          value={window}
          choices={WINDOW_CHOICES}
          onChoose={(next) => {
            void setZoom(null);
            void setWindow(next);
          }}
        />
      }
    >
      {query.data !== undefined ? (
        <Chart series={query.data} miner={miner} window={windowLabel(window)} zoom={zoom} onZoom={(next) => void setZoom(next)} />
      ) : query.isError ? (
        <Problem title="The history could not be fetched" onRetry={() => void query.refetch()}>
          {query.error.message}
        </Problem>
      ) : (
        <Skeleton className="h-[292px] w-full" />
      )}
    </Panel>
  );
}

type ChartProps = {
  readonly series: HashrateSeries;
  readonly miner: MinerDto;
  readonly window: string;
  readonly zoom: readonly [number, number] | null;
  readonly onZoom: (zoom: readonly [number, number] | null) => void;
};

function Chart({ series: whole, miner, window, zoom, onZoom }: ChartProps) {
  const { series } = useMemo(() => fromFirstMeasured(whole), [whole]);
  const plotted = useMemo(
    () => [{ label: "Hashrate", values: series.hashrate_hps, tone: "first", format: formatHashrate, axis: "left" } as const],
    [series],
  );
  const marks = useMemo(
    () =>
      miner.blocks.map(
        (block): PlotMark => ({
          at_ms: block.found_at_ms,
          label: `Block ${block.height}`,
          href: `?block=${block.hash}`,
          tone: block.state === "orphaned" || block.state === "rejected" ? "bad" : "accent",
        }),
      ),
    [miner.blocks],
  );
  return (
    <TimeSeries
      summary={`Hashrate of this account over the last ${window}; now ${formatHashrate(miner.hashrate_hps.m15)} over 15 minutes.`}
      at_ms={series.at_ms}
      series={plotted}
      marks={marks}
      syncKey="miner"
      zoom={zoom}
      onZoom={onZoom}
      gapMeans="A break in the line: nothing was measured then."
    />
  );
}
