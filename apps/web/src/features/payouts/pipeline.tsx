"use client";
import type { PayoutBatchState, PayoutSummaryDto } from "@otedama/shared";
import { cx } from "class-variance-authority";
import { CircleDashed } from "lucide-react";
import { Amount } from "@/components/data/amount.tsx";
import { plural } from "@/components/data/plural.ts";
import { Status } from "@/components/ui/status.tsx";
import { BATCH_LOOKS } from "./payout_words.ts";

type PipelineProps = {
  readonly summary: PayoutSummaryDto;
  readonly chosen: PayoutBatchState | null;
  readonly onChoose: (state: PayoutBatchState | null) => void;
};

const step = "flex min-w-0 flex-col gap-1 bg-panel px-3 py-2.5 text-left";

/** From what is due to what is paid: each step with what is in it; a step shows its batches below. */
export function Pipeline({ summary, chosen, onChoose }: PipelineProps) {
  return (
    <ol
      aria-label="Steps of a payout"
      className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line sm:grid-cols-4 xl:grid-cols-7"
    >
      <li className="contents">
        <div className={step}>
          <Status tone={summary.due.accounts > 0 ? "warn" : "quiet"} icon={CircleDashed} word="Due" className="text-xs" />
          <span className="text-base font-semibold">
            <Amount sats={summary.due.amount_sats} />
          </span>
          <span className="text-xs text-ink-3">{plural(summary.due.accounts, "account", "accounts")}</span>
        </div>
      </li>
      {summary.pipeline
        .filter(({ state }) => state !== "cancelled")
        .map(({ state, batches, amount_sats }) => {
          const look = BATCH_LOOKS[state];
          return (
            <li key={state} className="contents">
              <button
                type="button"
                title={look.meaning}
                aria-pressed={chosen === state}
                onClick={() => onChoose(chosen === state ? null : state)}
                className={cx(
                  step,
                  "focus-inset hover:bg-hover",
                  chosen === state && "bg-selected!",
                  // Seven steps: the last one fills what is left of its row.
                  state === "settled" && "col-span-2 xl:col-span-1",
                )}
              >
                <Status tone={batches > 0 ? look.tone : "quiet"} icon={look.icon} word={look.word} className="text-xs" />
                <span className="text-base font-semibold">
                  <Amount sats={amount_sats} />
                </span>
                <span className="text-xs text-ink-3">{plural(batches, "batch", "batches")}</span>
              </button>
            </li>
          );
        })}
    </ol>
  );
}
