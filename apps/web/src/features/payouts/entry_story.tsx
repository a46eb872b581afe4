"use client";
import type { LedgerEntryDetailDto } from "@otedama/shared";
import { groupedCount, shortenMiddle } from "@otedama/shared/units";
import Link from "next/link";
import { Amount } from "@/components/data/amount.tsx";
import { CAUSE_WORDS, KIND_WORDS } from "@/components/data/ledger_words.ts";
import { Moment } from "@/components/data/when.tsx";
import { type Fact, Facts } from "@/components/ui/panel.tsx";

type EntryProps = { readonly entry: LedgerEntryDetailDto };

const link = "font-medium text-accent hover:underline";

export function EntryFacts({ entry }: EntryProps) {
  const facts: Fact[] = [
    { name: "Cause", value: CAUSE_WORDS[entry.cause] },
    {
      name: "Of",
      value:
        entry.block_hash === null ? (
          <span className="break-all">{entry.cause_key}</span>
        ) : (
          <Link href={`/blocks/${entry.block_hash}`} prefetch={false} className={`inline-flex min-h-6 items-center ${link}`}>
            Block {entry.block_height ?? shortenMiddle(entry.block_hash)}
          </Link>
        ),
    },
    { name: "Written", value: <Moment at_ms={entry.at_ms} /> },
    { name: "Moved", value: <Amount sats={entry.moved_sats} /> },
  ];
  if (entry.person !== null) facts.push({ name: "By", value: entry.person });
  if (entry.approved_by !== null) facts.push({ name: "Approved by", value: entry.approved_by });
  if (entry.reason !== null) facts.push({ name: "Why", value: entry.reason });
  return <Facts facts={facts} />;
}

const head = "h-8 border-y border-line px-3 text-xs font-medium text-ink-3 first:pl-4 last:pr-4";
const cell = "h-row border-b border-line/70 px-3 py-1 first:pl-4 last:pr-4";

/** What the entry moved, largest first; the lines add up to nothing. */
export function EntryPostings({ entry }: EntryProps) {
  const left = entry.lines - entry.postings.length;
  return (
    <>
      <table className="w-full border-separate border-spacing-0 text-sm tabular">
        <caption className="sr-only">Lines of entry {entry.entry_id}</caption>
        <thead>
          <tr>
            <th scope="col" className={`${head} text-left`}>
              Account
            </th>
            <th scope="col" className={`${head} text-right`}>
              Amount, BTC
            </th>
          </tr>
        </thead>
        <tbody>
          {entry.postings.map((posting) => (
            <tr key={`${posting.kind}/${posting.account_id}`}>
              <td className={cell}>
                <span title={KIND_WORDS[posting.kind].meaning}>{KIND_WORDS[posting.kind].word}</span>
                {posting.account_id === null || posting.address === null ? null : (
                  <Link
                    href={`/balances/${posting.account_id}`}
                    prefetch={false}
                    title={posting.address}
                    className={`ml-2 inline-flex min-h-6 items-center font-mono text-xs ${link}`}
                  >
                    {shortenMiddle(posting.address, 8, 6)}
                  </Link>
                )}
              </td>
              <td className={`${cell} text-right`}>
                <Amount sats={posting.amount_sats} signed />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {left > 0 ? <p className="px-4 py-2 text-xs text-ink-3">{groupedCount(left)} smaller lines are not shown.</p> : null}
    </>
  );
}
