"use client";
import type { BlockDetailDto } from "@otedama/shared";
import { formatPercent, groupedCount } from "@otedama/shared/units";
import { cx } from "class-variance-authority";
import { Check, Circle, CircleDot, X } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { plural } from "@/components/data/plural.ts";
import { Moment, When } from "@/components/data/when.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { BlockAnswers } from "./block_answers.tsx";

type BlockProps = { readonly block: BlockDetailDto };

type StepState = "done" | "now" | "ahead" | "failed";
const STEP_ICONS = { done: Check, now: CircleDot, ahead: Circle, failed: X } as const;
const STEP_TONES = { done: "text-good", now: "text-accent", ahead: "text-ink-4", failed: "text-bad" } as const;
const STEP_WORDS = { done: "done", now: "under way", ahead: "still to come", failed: "failed" } as const;

type Move = { readonly to: BlockDetailDto["state"]; readonly at_ms: number | null; readonly note: string | null };

/** Its changes of state; a block older than the record of them has only its last one, without a time. */
function movesOf(block: BlockDetailDto): readonly Move[] {
  const { state, note } = block;
  if (block.moves.length > 0) return block.moves.map(({ to_state, at_ms, note }) => ({ to: to_state, at_ms, note }));
  if (state === "found") return [];
  const last = { to: state, at_ms: null, note };
  return state === "confirmed" ? [{ to: "pending", at_ms: null, note: null }, last] : [last];
}

/** From the share to money that is owed: what has happened, when, and what is still to come. */
export function BlockTimeline({ block }: BlockProps) {
  const { state } = block;
  const moves = movesOf(block);
  const ended = state === "confirmed" || state === "orphaned" || state === "rejected";
  return (
    <ol className="flex flex-col">
      <Step state="done" name="Found">
        <Moment at_ms={block.found_at_ms} /> (<When at_ms={block.found_at_ms} />) by{" "}
        {block.worker_id === null ? (
          block.worker_name || "a worker that is no longer known"
        ) : (
          <Link href={`/workers/${block.worker_id}`} className="font-medium text-accent hover:underline">
            {block.worker_name}
          </Link>
        )}
        {block.account_address === "" ? null : (
          <>
            {" "}
            of <Copyable text={block.account_address} what="address" />
          </>
        )}
        , with {formatPercent(block.effort)} of the expected work
      </Step>
      <Submitted block={block} />
      {moves.map((move, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: moves are only ever added at the end
        <MoveStep key={index} block={block} move={move} last={ended && index === moves.length - 1} />
      ))}
      {state === "found" ? (
        <Step state="ahead" name="In the chain" last>
          Seen in the chain, its shares are credited as pending.
        </Step>
      ) : null}
      {state === "pending" ? <Waiting block={block} /> : null}
    </ol>
  );
}

function Submitted({ block }: BlockProps) {
  const { submissions } = block;
  const accepted = submissions.filter(({ result }) => result === "accepted");
  const refused = submissions.length > 0 && submissions.every(({ result }) => result === "rejected");
  const state: StepState = accepted.length > 0 || block.state !== "found" ? (refused ? "failed" : "done") : "now";
  const first = Math.min(...accepted.flatMap(({ answered_at_ms }) => answered_at_ms ?? []));
  return (
    <Step state={state} name={state === "now" ? "Being submitted" : "Submitted"}>
      {submissions.length === 0
        ? block.state === "found"
          ? "The nodes' answers are awaited."
          : "What each node answered is not on record."
        : accepted.length > 0
          ? `${accepted.length} of ${plural(submissions.length, "node", "nodes")} took it${Number.isFinite(first) ? `, the first ${groupedCount(Math.max(0, Math.round(first - block.found_at_ms)))} ms after it was found` : ""}.`
          : `Handed to ${plural(submissions.length, "node", "nodes")}; none has taken it${block.state === "found" ? " yet" : ""}.`}
      <BlockAnswers submissions={submissions} />
    </Step>
  );
}

function MoveStep({ block, move, last }: BlockProps & { readonly move: Move; readonly last: boolean }) {
  const at = move.at_ms === null ? null : <Moment at_ms={move.at_ms} />;
  switch (move.to) {
    case "pending":
      return (
        <Step state="done" name="In the chain" last={last}>
          {at} at height {groupedCount(block.height)}; its shares were credited as pending.
        </Step>
      );
    case "confirmed":
      return (
        <Step state="done" name="Confirmed" last={last}>
          {at} with {plural(block.maturity_confirmations, "confirmation", "confirmations")}; its credits are owed.
        </Step>
      );
    case "orphaned":
      return (
        <Step state="failed" name="Orphaned" last={last}>
          {at} {move.note ?? "another block took its place"}. The credits were reversed by an opposite entry.
        </Step>
      );
    case "rejected":
      return (
        <Step state="failed" name="Refused by the nodes" last={last}>
          {at} {move.note ?? "The nodes gave no reason."}
        </Step>
      );
    case "found":
      return (
        <Step state="now" name="Out of the chain" last={last}>
          {at} {move.note}
        </Step>
      );
  }
}

function Waiting({ block }: BlockProps) {
  const part = block.maturity_confirmations === 0 ? 1 : Math.min(1, block.confirmations / block.maturity_confirmations);
  return (
    <Step state="now" name="Waiting for depth" last>
      {groupedCount(block.confirmations)} of {plural(block.maturity_confirmations, "confirmation", "confirmations")}
      <span aria-hidden className="keep-shape mt-1.5 block h-1 w-48 max-w-full overflow-hidden rounded-full bg-line">
        <span className="block h-full bg-accent" style={{ width: `${part * 100}%` }} />
      </span>
    </Step>
  );
}

type StepProps = { readonly state: StepState; readonly name: string; readonly last?: boolean; readonly children: ReactNode };

function Step({ state, name, last = false, children }: StepProps) {
  const Icon = STEP_ICONS[state];
  return (
    <li className="flex gap-3">
      <span className="flex flex-col items-center">
        <span
          className={cx(
            "mt-0.5 grid size-5 shrink-0 place-items-center rounded-full border border-line bg-sunken",
            STEP_TONES[state],
          )}
        >
          <Icon aria-hidden className="size-3" strokeWidth={2.5} />
        </span>
        {last ? null : <span aria-hidden className="my-1 w-px grow bg-line" />}
      </span>
      <div className={cx("min-w-0 grow text-sm", !last && "pb-4")}>
        <p className={cx("font-medium", state === "ahead" && "text-ink-3")}>
          {name}
          <span className="sr-only">, {STEP_WORDS[state]}</span>
        </p>
        <div className="text-ink-3">{children}</div>
      </div>
    </li>
  );
}
