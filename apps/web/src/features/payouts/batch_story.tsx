"use client";
import type { PayoutBatchDetailDto, PayoutBatchState } from "@otedama/shared";
import { cx } from "class-variance-authority";
import { Check, Circle } from "lucide-react";
import { Amount } from "@/components/data/amount.tsx";
import { Moment, When } from "@/components/data/when.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { type Fact, Facts } from "@/components/ui/panel.tsx";
import { BATCH_LOOKS } from "./payout_words.ts";

type BatchProps = { readonly detail: PayoutBatchDetailDto };

const ORDER: readonly PayoutBatchState[] = ["planned", "approved", "unsigned", "signed", "broadcast", "settled"];

/** Where the batch is, and when it came past each step. */
export function BatchSteps({ detail }: BatchProps) {
  const { batch } = detail;
  const at = ORDER.indexOf(batch.state);
  return (
    <ol className="flex flex-col">
      {ORDER.map((state, index) => {
        const look = BATCH_LOOKS[state];
        const done = batch.state === "cancelled" ? state === "planned" : index < at || batch.state === "settled";
        const here = index === at && !done;
        const at_ms = timeOf(state, detail);
        return (
          <li key={state} aria-current={here ? "step" : undefined} className="flex gap-3 pb-3 last:pb-0">
            <span
              className={cx(
                "mt-0.5 grid size-5 shrink-0 place-items-center rounded-full border",
                done ? "border-good text-good" : here ? "border-accent text-accent" : "border-line text-ink-4",
              )}
            >
              {done ? <Check aria-hidden className="size-3" /> : <Circle aria-hidden className="size-2" fill="currentColor" />}
            </span>
            <span className="min-w-0">
              <span className={cx("block text-sm font-medium", done || here ? "text-ink" : "text-ink-3")}>
                {look.word}
                <span className="sr-only">{done ? ", done" : here ? ", now" : ", not yet"}</span>
              </span>
              <span className="block text-xs text-ink-3">
                {here && batch.waiting_for !== null ? batch.waiting_for : at_ms === null ? look.meaning : <When at_ms={at_ms} />}
              </span>
            </span>
          </li>
        );
      })}
      {batch.state === "cancelled" ? (
        <li className="border-t border-line pt-3 text-sm">
          Cancelled by {batch.cancelled_by ?? "the pool"}, <When at_ms={batch.updated_at_ms} />.
        </li>
      ) : null}
    </ol>
  );
}

function timeOf(state: PayoutBatchState, { batch, approvals, transactions }: PayoutBatchDetailDto): number | null {
  const first = transactions.at(-1);
  const mined = transactions.find((transaction) => transaction.state === "confirmed");
  switch (state) {
    case "planned":
      return batch.created_at_ms;
    case "approved":
      return approvals.length >= batch.approvals_required ? (approvals.at(-1)?.at_ms ?? batch.created_at_ms) : null;
    case "unsigned":
      return first?.created_at_ms ?? null;
    case "signed":
      return first?.signed_at_ms ?? null;
    case "broadcast":
      return first?.broadcast_at_ms ?? null;
    case "settled":
      return batch.state === "settled" ? (mined?.confirmed_at_ms ?? batch.updated_at_ms) : null;
    case "cancelled":
      return null;
  }
}

export function BatchFacts({ detail: { batch, approvals } }: BatchProps) {
  const facts: Fact[] = [
    { name: "Amount", value: <Amount sats={batch.amount_sats} /> },
    { name: "Network fee", value: batch.fee_sats === null ? "not known yet" : <Amount sats={batch.fee_sats} /> },
    { name: "Pays", value: batch.pays === "fees" ? "the pool's own fees" : "what is owed to miners" },
    {
      name: "Fee paid by",
      value: batch.pays === "fees" ? "the payment itself" : batch.fee_payer === "pool" ? "the pool" : "the miners",
    },
    { name: "Planned by", value: batch.created_by === "schedule" ? "the schedule" : batch.created_by },
    { name: "Planned", value: <Moment at_ms={batch.created_at_ms} /> },
    { name: "By policy", value: `version ${batch.policy_version}` },
    {
      name: "Approved by",
      value:
        batch.approvals_required === 0 ? (
          "nobody has to"
        ) : approvals.length === 0 ? (
          `nobody yet; ${batch.approvals_required} needed`
        ) : (
          <ul>
            {approvals.map((approval) => (
              <li key={approval.person}>
                {approval.person}, <When at_ms={approval.at_ms} />
              </li>
            ))}
          </ul>
        ),
    },
  ];
  if (batch.txid !== null)
    facts.push({ name: "Transaction", value: <Copyable text={batch.txid} what="transaction" shorten="hash" /> });
  if (batch.note !== null) facts.push({ name: "Note", value: batch.note });
  return <Facts facts={facts} />;
}
