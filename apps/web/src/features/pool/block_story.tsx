"use client";
import type { BlockDetailDto } from "@otedama/shared";
import { formatDifficulty, formatPercent, formatWork, groupedCount, shortenMiddle } from "@otedama/shared/units";
import { cx } from "class-variance-authority";
import { Check, Circle, CircleDot, X } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { Amount } from "@/components/data/amount.tsx";
import { EffortBar } from "@/components/data/effort.tsx";
import { Moment, When } from "@/components/data/when.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { Facts } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";

type BlockProps = { readonly block: BlockDetailDto };

type StepState = "done" | "now" | "ahead" | "failed";
const STEP_ICONS = { done: Check, now: CircleDot, ahead: Circle, failed: X } as const;
const STEP_TONES = { done: "text-good", now: "text-accent", ahead: "text-ink-4", failed: "text-bad" } as const;
const STEP_WORDS = { done: "done", now: "under way", ahead: "still to come", failed: "failed" } as const;

/** From the share to money that is owed: what has happened and what is still to come. */
export function BlockTimeline({ block }: BlockProps) {
  const { state } = block;
  const refused = state === "rejected";
  const lost = state === "orphaned";
  const inChain: StepState = state === "found" ? "now" : refused ? "failed" : "done";
  const mature: StepState = state === "confirmed" ? "done" : lost ? "failed" : state === "pending" ? "now" : "ahead";
  const part = block.maturity_confirmations === 0 ? 1 : Math.min(1, block.confirmations / block.maturity_confirmations);
  return (
    <ol className="flex flex-col">
      <Step state="done" name="Found">
        <Moment at_ms={block.found_at_ms} /> (<When at_ms={block.found_at_ms} />) by{" "}
        {block.worker_id === null ? (
          block.worker_name
        ) : (
          <Link href={`/workers/${block.worker_id}`} className="font-medium text-accent hover:underline">
            {block.worker_name}
          </Link>
        )}{" "}
        of <Copyable text={block.account_address} what="address" />
      </Step>
      <Step state={inChain} name={refused ? "Refused by the node" : inChain === "now" ? "Being submitted" : "In the chain"}>
        {refused
          ? (block.note ?? "The node gave no reason.")
          : inChain === "now"
            ? "The node's answer is awaited."
            : `At height ${groupedCount(block.height)}; its shares were credited as pending.`}
      </Step>
      {refused ? null : (
        <Step state={mature} name={lost ? "Orphaned" : state === "confirmed" ? "Confirmed" : "Waiting for depth"} last>
          {lost ? (
            `${block.note ?? "Another block took its place."} The credits were reversed by an opposite entry.`
          ) : (
            <>
              {groupedCount(block.confirmations)} of {groupedCount(block.maturity_confirmations)} confirmations
              {state === "confirmed" ? "; its credits are owed." : ""}
              {state === "pending" ? (
                <span aria-hidden className="keep-shape mt-1.5 block h-1 w-48 max-w-full overflow-hidden rounded-full bg-line">
                  <span className="block h-full bg-accent" style={{ width: `${part * 100}%` }} />
                </span>
              ) : null}
            </>
          )}
        </Step>
      )}
    </ol>
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
      <div className={cx("min-w-0 text-sm", !last && "pb-4")}>
        <p className={cx("font-medium", state === "ahead" && "text-ink-3")}>
          {name}
          <span className="sr-only">, {STEP_WORDS[state]}</span>
        </p>
        <div className="text-ink-3">{children}</div>
      </div>
    </li>
  );
}

export function BlockFacts({ block }: BlockProps) {
  return (
    <Facts
      facts={[
        { name: "Hash", value: <Copyable text={block.hash} what="block hash" shorten="hash" /> },
        { name: "Before it", value: <Copyable text={block.prev_hash} what="hash of the block before" shorten="hash" /> },
        { name: "Coinbase", value: <Copyable text={block.coinbase_txid} what="coinbase transaction" /> },
        { name: "Reward", value: <Amount sats={block.reward_sats} /> },
        { name: "of it, fees", value: <Amount sats={block.fees_sats} /> },
        { name: "Transactions", value: groupedCount(block.transactions) },
        { name: "Size", value: `${groupedCount(block.size_bytes)}\u00a0bytes` },
        { name: "Network difficulty", value: formatDifficulty(block.network_difficulty) },
        { name: "Its share's difficulty", value: formatDifficulty(block.share_difficulty) },
        { name: "Work in the round", value: formatWork(block.round_work_hashes) },
        {
          name: "Effort",
          value: (
            <span className="flex items-center gap-3">
              <span className="shrink-0">{formatPercent(block.effort)}</span>
              <EffortBar effort={block.effort} className="max-w-32" />
            </span>
          ),
        },
      ]}
    />
  );
}

/** Who the reward went to; its sum is the reward, to the satoshi, or a fault is shown. */
export function BlockCredits({ block }: BlockProps) {
  const sum_sats = block.credits.reduce((sum, credit) => sum + credit.amount_sats, 0);
  if (block.credits.length === 0) {
    return (
      <p className="text-sm text-ink-3">
        {block.state === "rejected"
          ? "Nothing was credited: the node refused the block."
          : "Nothing is credited yet; that happens once the node has taken the block."}
      </p>
    );
  }
  return (
    <div className="flex flex-col gap-3">
      {sum_sats === block.reward_sats ? null : (
        <Problem title="The credits do not add up to the reward">
          They differ by <Amount sats={sum_sats - block.reward_sats} signed /> BTC. Do not pay out before this is explained.
        </Problem>
      )}
      <table className="w-full text-sm tabular">
        <caption className="sr-only">Credits of this block</caption>
        <thead className="text-xs text-ink-3">
          <tr className="border-b border-line">
            <th scope="col" className="py-1.5 text-left font-medium">
              Account
            </th>
            <th scope="col" className="w-20 py-1.5 text-right font-medium">
              Part
            </th>
            <th scope="col" className="w-36 py-1.5 text-right font-medium">
              Amount, BTC
            </th>
          </tr>
        </thead>
        <tbody>
          {block.credits.map((credit) => (
            <tr key={`${credit.kind}/${credit.account_address}`} className="h-row border-b border-line/70">
              <td className="truncate pr-3">
                {credit.kind === "fee" ? (
                  <span className="text-ink-2">Pool&apos;s fee</span>
                ) : credit.account_id === null ? (
                  <span className="font-mono text-xs">{shortenMiddle(credit.account_address)}</span>
                ) : (
                  <Link
                    href={`/balances/${credit.account_id}`}
                    title={credit.account_address}
                    className="font-mono text-xs hover:text-accent"
                  >
                    {shortenMiddle(credit.account_address)}
                  </Link>
                )}
              </td>
              <td className="text-right text-ink-3">
                {block.reward_sats === 0 ? "–" : formatPercent(credit.amount_sats / block.reward_sats)}
              </td>
              <td className="text-right">
                <Amount sats={credit.amount_sats} />
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr className="h-row font-medium">
            <th scope="row" colSpan={2} className="text-left font-medium">
              Sum
            </th>
            <td className="text-right">
              <Amount sats={sum_sats} />
            </td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}
