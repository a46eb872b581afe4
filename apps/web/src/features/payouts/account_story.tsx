"use client";
import type { AccountDetailDto, LedgerLineDto } from "@otedama/shared";
import { groupedCount, shortenMiddle } from "@otedama/shared/units";
import Link from "next/link";
import { Amount } from "@/components/data/amount.tsx";
import { CAUSE_WORDS, KIND_WORDS } from "@/components/data/ledger_words.ts";
import { plural } from "@/components/data/plural.ts";
import { When } from "@/components/data/when.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { Facts } from "@/components/ui/panel.tsx";

type AccountProps = { readonly account: AccountDetailDto };

export function AccountSums({ account }: AccountProps) {
  const sums = [
    { name: "Available", note: "owed", sats: account.available_sats },
    { name: "Pending", note: "until confirmed", sats: account.pending_sats },
    ...(account.paying_sats === 0 ? [] : [{ name: "In payment", note: "not settled", sats: account.paying_sats }]),
    { name: "Paid", note: "in all", sats: account.paid_sats },
  ];
  return (
    <dl className="grid grid-cols-1 gap-px overflow-hidden rounded-md border border-line bg-line sm:grid-cols-[repeat(auto-fit,minmax(11rem,1fr))]">
      {sums.map((sum) => (
        <div key={sum.name} className="flex flex-wrap items-baseline justify-between gap-x-3 bg-panel px-3 py-2 sm:block">
          <dt className="text-xs text-ink-2">
            {sum.name} <span className="text-2xs text-ink-3">{sum.note}</span>
          </dt>
          <dd className="text-lg font-semibold">
            <Amount sats={sum.sats} /> <span className="text-xs font-normal text-ink-3">BTC</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function AccountFacts({ account }: AccountProps) {
  return (
    <Facts
      facts={[
        { name: "Address", value: <Copyable text={account.address} what="address" shorten="none" /> },
        {
          name: "Workers",
          value:
            account.workers === 0 ? (
              "none"
            ) : (
              <Link
                href={`/workers?account=${account.account_id}`}
                className="inline-flex min-h-6 min-w-6 items-center text-accent hover:underline"
              >
                {groupedCount(account.workers)}
              </Link>
            ),
        },
        { name: "Last credit", value: account.last_credit_at_ms === null ? "none" : <When at_ms={account.last_credit_at_ms} /> },
      ]}
    />
  );
}

const BUCKETS: Readonly<Record<LedgerLineDto["bucket"], string>> = {
  pending: "Pending",
  available: "Available",
  paying: "In payment",
  paid: "Paid",
};

const head = "h-8 border-y border-line px-3 text-xs font-medium text-ink-3 first:pl-4 last:pr-4";
const cell = "h-row border-b border-line/70 px-3 max-sm:py-1.5 first:pl-4 last:pr-4";

/** The lines that make the balance, newest first; nothing is ever changed, only added. */
export function LedgerLines({ account }: AccountProps) {
  return (
    <table className="w-full border-separate border-spacing-0 text-sm tabular">
      <caption className="sr-only">Ledger of {shortenMiddle(account.address)}</caption>
      <thead>
        <tr>
          <th scope="col" className={`${head} text-left`}>
            Cause
          </th>
          <th scope="col" className={`${head} text-left max-sm:hidden`}>
            Balance
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
        {account.lines.map((line) => (
          <tr key={`${line.entry_id}/${line.bucket}`}>
            <td className={cell}>
              {CAUSE_WORDS[line.cause]}
              {line.block_hash === null ? null : (
                <>
                  {" "}
                  <Link href={`/blocks/${line.block_hash}`} prefetch={false} className="font-medium text-accent hover:underline">
                    {line.block_height ?? shortenMiddle(line.block_hash)}
                  </Link>
                </>
              )}
              <span className="block text-xs text-ink-3 sm:hidden">
                {BUCKETS[line.bucket]} · <When at_ms={line.at_ms} />
              </span>
            </td>
            <td className={`${cell} text-ink-2 max-sm:hidden`}>{BUCKETS[line.bucket]}</td>
            <td className={`${cell} text-right`}>
              <Amount sats={line.amount_sats} signed />
            </td>
            <td className={`${cell} text-right text-ink-3 max-sm:hidden`}>
              <When at_ms={line.at_ms} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** How each balance came about: what every cause brought to it, and that it adds up. */
export function BalancesExplained({ account }: AccountProps) {
  if (account.explained.length === 0) return <p className="text-sm text-ink-3">Nothing was credited yet.</p>;
  return (
    <table className="w-full border-separate border-spacing-0 text-sm tabular">
      <caption className="sr-only">Balances of {shortenMiddle(account.address)} by cause</caption>
      <thead>
        <tr>
          <th scope="col" className={`${head} text-left`}>
            Balance and causes
          </th>
          <th scope="col" className={`${head} text-right`}>
            Amount, BTC
          </th>
        </tr>
      </thead>
      {account.explained.map((balance) => (
        <tbody key={balance.kind}>
          {balance.causes.map((cause) => (
            <tr key={cause.cause}>
              <td className={`${cell} text-ink-2`}>
                {CAUSE_WORDS[cause.cause]} <span className="text-xs text-ink-3">{plural(cause.entries, "entry", "entries")}</span>
              </td>
              <td className={`${cell} text-right`}>
                <Amount sats={cause.amount_sats} signed />
              </td>
            </tr>
          ))}
          <tr className="font-medium">
            <th scope="row" className={`${cell} text-left font-medium`}>
              {KIND_WORDS[balance.kind].word}
            </th>
            <td className={`${cell} text-right`}>
              <Amount sats={balance.balance_sats} />
            </td>
          </tr>
        </tbody>
      ))}
    </table>
  );
}
