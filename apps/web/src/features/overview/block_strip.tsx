"use client";
import type { BlockDto, LiveDto } from "@otedama/shared";
import { formatAge, formatPercent } from "@otedama/shared/units";
import { cx } from "class-variance-authority";
import { Hammer } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { Amount } from "@/components/data/amount.tsx";
import { EffortBar } from "@/components/data/effort.tsx";
import { BlockStateStatus } from "@/components/data/states.tsx";
import { When } from "@/components/data/when.tsx";
import { useNow } from "@/lib/clock.tsx";

const tile = "flex h-full w-40 flex-col gap-1 rounded-md border px-3 py-2 text-xs";

type Props = { readonly blocks: readonly BlockDto[]; readonly pool: LiveDto["pool"] };

/** Recent blocks as things one can take up, the one being worked on first. */
export function BlockStrip({ blocks, pool }: Props) {
  // Blocks that come after the strip was first drawn arrive from the left; those that were there do not move.
  const [present] = useState(() => new Set(blocks.map((block) => block.hash)));
  return (
    <ol aria-label="Recent blocks, newest first" className="quiet-scroll flex snap-x gap-2 overflow-x-auto py-0.5">
      {pool === null || pool.job === null ? null : (
        <li className="shrink-0 snap-start">
          <CurrentRound pool={pool} height={pool.job.height} reward_sats={pool.job.reward_sats} />
        </li>
      )}
      {blocks.map((block) => (
        <li key={block.hash} className={cx("shrink-0 snap-start", !present.has(block.hash) && "animate-arrive")}>
          <Link
            href={`/blocks/${block.hash}`}
            prefetch={false}
            className={cx(tile, "focus-inset border-line bg-panel hover:border-line-strong hover:bg-hover")}
          >
            <span className="flex items-center justify-between gap-2">
              <span className="text-sm font-semibold tabular">{block.height}</span>
              <BlockStateStatus state={block.state} />
            </span>
            <Amount
              sats={block.reward_sats}
              className={cx("text-sm", (block.state === "orphaned" || block.state === "rejected") && "line-through")}
            />
            <EffortBar effort={block.effort} className="my-0.5" />
            <span className="flex justify-between gap-2 text-ink-3 tabular">
              <span>effort {formatPercent(block.effort)}</span>
            </span>
            <span className="flex justify-between gap-2 text-ink-3">
              <span className="truncate">{block.worker_name}</span>
              <When at_ms={block.found_at_ms} />
            </span>
          </Link>
        </li>
      ))}
      {blocks.length === 0 ? (
        <li className="flex items-center px-3 text-sm text-ink-3">
          No block was found yet. The first one appears here by itself.
        </li>
      ) : null}
    </ol>
  );
}

type CurrentRoundProps = { readonly pool: NonNullable<LiveDto["pool"]>; readonly height: number; readonly reward_sats: number };

function CurrentRound({ pool, height, reward_sats }: CurrentRoundProps) {
  const now_ms = useNow();
  return (
    <div className={cx(tile, "border-dashed border-line-strong bg-sunken")}>
      <span className="flex items-center justify-between gap-2">
        <span className="text-sm font-semibold tabular">{height}</span>
        <span className="inline-flex items-center gap-1.5 font-medium text-accent">
          <Hammer aria-hidden className="size-3.5" />
          In work
        </span>
      </span>
      <Amount sats={reward_sats} className="text-sm" />
      <EffortBar effort={pool.round.effort} className="my-0.5" />
      <span className="text-ink-3 tabular">effort {formatPercent(pool.round.effort)}</span>
      <span className="text-ink-3 tabular">for {formatAge((now_ms - pool.round.started_at_ms) / 1_000)}</span>
    </div>
  );
}
