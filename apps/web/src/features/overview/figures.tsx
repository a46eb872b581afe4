"use client";
import type { LiveDto, OverviewDto } from "@otedama/shared";
import { nextBlock } from "@otedama/shared/statistics";
import { formatChange, formatDuration, formatPercent, groupedCount, hashrateQuantity } from "@otedama/shared/units";
import { Bars, Sparkline } from "@/components/chart/sparkline.tsx";
import { EffortBar } from "@/components/data/effort.tsx";
import { QuantityText } from "@/components/data/quantity.tsx";
import { Figure, Figures } from "@/components/ui/figure.tsx";
import { fromFirstMeasured } from "@/lib/series.ts";
import { changeAgainstMean, rejectedShares, rejectRate } from "@/lib/statistics.ts";
import { windowLabel } from "@/lib/window.ts";
import { currentHashrate } from "./sentence.ts";

type Props = { readonly overview: OverviewDto; readonly live: LiveDto; readonly stale: boolean };

export function OverviewFigures({ overview, live, stale }: Props) {
  const { pool, agents } = live;
  const hashrate_hps = pool === null ? null : currentHashrate(pool);
  const shown = fromFirstMeasured(overview.series).series.hashrate_hps;
  const change = hashrate_hps === null ? null : changeAgainstMean(shown, hashrate_hps);
  const rejected = pool === null ? null : rejectRate(pool.shares);
  const due = nextBlock(hashrate_hps ?? 0, pool?.job?.network_difficulty ?? 0);
  const efforts = overview.blocks.map((block) => block.effort).reverse();
  return (
    <Figures label="Key figures" stale={stale}>
      <Figure
        name="Hashrate"
        basis="15 min"
        value={hashrate_hps === null ? "–" : <QuantityText quantity={hashrateQuantity(hashrate_hps)} />}
        change={change === null ? "measuring" : `${formatChange(change)} against the ${windowLabel(overview.window)} mean`}
        picture={<Sparkline values={shown} />}
      />
      <Figure
        name="Workers online"
        basis="now"
        value={pool === null ? "–" : groupedCount(pool.workers_online)}
        change={
          pool === null
            ? null
            : `${groupedCount(pool.connections)} ${pool.connections === 1 ? "connection" : "connections"} · ${agents.mining} of ${agents.total} ${agents.total === 1 ? "rig" : "rigs"} mining`
        }
        picture={<PartBar part={agents.total === 0 ? null : agents.mining / agents.total} rest="bg-line-strong" />}
      />
      <Figure
        name="Shares refused"
        basis="since start"
        value={rejected === null ? "–" : formatPercent(rejected)}
        change={
          pool === null
            ? null
            : `${groupedCount(rejectedShares(pool.shares))} of ${groupedCount(pool.shares.accepted + rejectedShares(pool.shares))}`
        }
        picture={<PartBar part={rejected === null ? null : 1 - rejected} rest="bg-bad" />}
      />
      <Figure
        name="Luck"
        basis={
          overview.luck === null
            ? "no block yet"
            : `last ${groupedCount(overview.luck.blocks)} ${overview.luck.blocks === 1 ? "block" : "blocks"}`
        }
        value={overview.luck === null ? "–" : formatPercent(overview.luck.value)}
        change={overview.luck === null ? "known after the first block" : "above 100\u00a0% is lucky"}
        picture={<Bars values={efforts} />}
      />
      <Figure
        name="Next block"
        basis="estimate"
        value={due === null ? "–" : `≈ ${formatDuration(due.mean)}`}
        change={due === null ? "needs a hashrate" : `90\u00a0% within ${formatDuration(due.p05)} … ${formatDuration(due.p95)}`}
        picture={
          pool === null ? null : (
            <span className="flex h-6 items-center gap-2 text-2xs text-ink-3">
              <EffortBar effort={pool.round.effort} />
              <span className="shrink-0 tabular">round at {formatPercent(pool.round.effort)}</span>
            </span>
          )
        }
      />
    </Figures>
  );
}

/** How much of a whole is well; the number beside it says it too. */
function PartBar({ part, rest }: { readonly part: number | null; readonly rest: string }) {
  return (
    <span aria-hidden className="flex h-6 items-center">
      <span className="keep-shape flex h-1 w-full overflow-hidden rounded-full bg-line">
        {part === null ? null : (
          <>
            <span className="bg-good" style={{ width: `${part * 100}%` }} />
            <span className={part < 1 ? `min-w-1 grow ${rest}` : ""} />
          </>
        )}
      </span>
    </span>
  );
}
