"use client";
import type { MinerDto, MinerPayoutDto } from "@otedama/shared";
import { groupedCount } from "@otedama/shared/units";
import { CircleCheck, Clock, type LucideIcon, Radio } from "lucide-react";
import { Amount } from "@/components/data/amount.tsx";
import { When } from "@/components/data/when.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { Status, type Tone } from "@/components/ui/status.tsx";

export function MinerBalance({ balance }: { readonly balance: MinerDto["balance"] }) {
  const sums = [
    { name: "Confirmed", note: "owed", sats: balance.available_sats },
    { name: "Estimated", note: "until its blocks are confirmed", sats: balance.pending_sats },
    { name: "In payment", note: "on the way", sats: balance.paying_sats },
    { name: "Paid", note: "in all", sats: balance.paid_sats },
  ];
  return (
    <dl
      aria-label="Balance"
      className="grid grid-cols-1 gap-px overflow-hidden rounded-lg border border-line bg-line sm:grid-cols-2 xl:grid-cols-4"
    >
      {sums.map((sum) => (
        <div key={sum.name} className="flex flex-wrap items-baseline justify-between gap-x-3 bg-panel px-4 py-2.5 sm:block">
          <dt className="text-xs font-medium text-ink-2">
            {sum.name} <span className="text-2xs font-normal text-ink-3">{sum.note}</span>
          </dt>
          <dd className="text-lg font-semibold">
            <Amount sats={sum.sats} /> <span className="text-xs font-normal text-ink-3">BTC</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

const LOOKS: Readonly<Record<MinerPayoutDto["state"], { tone: Tone; icon: LucideIcon; word: string }>> = {
  planned: { tone: "quiet", icon: Clock, word: "Planned" },
  approved: { tone: "quiet", icon: Clock, word: "Approved" },
  unsigned: { tone: "quiet", icon: Clock, word: "Being signed" },
  signed: { tone: "active", icon: Radio, word: "Signed" },
  broadcast: { tone: "active", icon: Radio, word: "Sent" },
  settled: { tone: "good", icon: CircleCheck, word: "Paid" },
};

const head = "h-8 border-y border-line px-3 text-xs font-medium text-ink-3 first:pl-4 last:pr-4";
const cell = "h-row border-b border-line/70 px-3 max-sm:py-1.5 first:pl-4 last:pr-4";

export function MinerPayouts({ payouts }: { readonly payouts: readonly MinerPayoutDto[] }) {
  if (payouts.length === 0) {
    return (
      <p className="px-4 pb-4 text-sm text-ink-3">
        Nothing has been paid out yet. A payout is planned once the confirmed balance reaches the threshold.
      </p>
    );
  }
  return (
    <table className="w-full border-separate border-spacing-0 text-sm tabular">
      <caption className="sr-only">Payouts, newest first</caption>
      <thead>
        <tr>
          <th scope="col" className={`${head} text-left`}>
            State
          </th>
          <th scope="col" className={`${head} text-left max-sm:hidden`}>
            Transaction
          </th>
          <th scope="col" className={`${head} text-right max-lg:hidden`}>
            Confirmations
          </th>
          <th scope="col" className={`${head} text-right`}>
            Amount, BTC
          </th>
          <th scope="col" className={`${head} text-right max-sm:hidden`}>
            When
          </th>
        </tr>
      </thead>
      <tbody>
        {payouts.map((payout) => (
          <tr key={payout.batch_id}>
            <td className={cell}>
              <Status {...LOOKS[payout.state]} />
              <span className="block text-xs text-ink-3 sm:hidden">
                {payout.txid === null ? null : <Copyable text={payout.txid} what="transaction id" />}{" "}
                <When at_ms={payout.at_ms} />
              </span>
            </td>
            <td className={`${cell} max-sm:hidden`}>
              {payout.txid === null ? (
                <span className="text-ink-4">not yet</span>
              ) : (
                <Copyable text={payout.txid} what="transaction id" />
              )}
            </td>
            <td className={`${cell} text-right max-lg:hidden`}>{groupedCount(payout.confirmations)}</td>
            <td className={`${cell} text-right`}>
              <Amount sats={payout.amount_sats - payout.fee_part_sats} />
              {payout.fee_part_sats === 0 ? null : (
                <span className="block text-xs text-ink-3">
                  after a fee of <Amount sats={payout.fee_part_sats} />
                </span>
              )}
            </td>
            <td className={`${cell} text-right text-ink-3 max-sm:hidden`}>
              <When at_ms={payout.at_ms} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
