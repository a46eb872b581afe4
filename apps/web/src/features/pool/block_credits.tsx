"use client";
import { type BlockDetailDto, CREDITS_PAGE_SIZE, type CreditDto } from "@otedama/shared";
import { formatPercent, groupedCount, shortenMiddle } from "@otedama/shared/units";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { Amount } from "@/components/data/amount.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { useTRPC } from "@/lib/trpc.tsx";

const OWN_WORDS = { fee: "Pool's fee", reserve: "Reserve", other: "Pool's own", miner: "" } as const;

/** Who the reward went to, a page at a time; its sum is the reward, to the satoshi, or a fault is shown. */
export function BlockCredits({ block }: { readonly block: BlockDetailDto }) {
  const trpc = useTRPC();
  const [page, setPage] = useState(1);
  const query = useQuery({
    ...trpc.blocks.credits.queryOptions({ hash: block.hash, page }),
    ...(page === 1 ? { initialData: block.credits } : {}),
    placeholderData: keepPreviousData,
  });
  const credits = query.data ?? block.credits;
  if (credits.total === 0) {
    return (
      <p className="text-sm text-ink-3">
        {block.state === "rejected"
          ? "Nothing was credited: the nodes refused the block."
          : "Nothing is credited yet; that happens once a node has taken the block."}
      </p>
    );
  }
  const pages = Math.ceil(credits.total / CREDITS_PAGE_SIZE);
  const first = (page - 1) * CREDITS_PAGE_SIZE + 1;
  return (
    <div className="flex flex-col gap-3">
      {credits.sum_sats === block.reward_sats ? null : (
        <Problem title="The credits do not add up to the reward">
          They differ by <Amount sats={credits.sum_sats - block.reward_sats} signed /> BTC. Do not pay out before this is
          explained.
        </Problem>
      )}
      {query.isError ? (
        <Problem title="This page of credits could not be fetched" onRetry={() => void query.refetch()}>
          The server did not answer or its database is away.
        </Problem>
      ) : null}
      <table className="w-full text-sm tabular">
        <caption className="sr-only">Credits of this block, the largest first</caption>
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
        <tbody className={query.isPlaceholderData ? "opacity-60" : ""}>
          {credits.rows.map((credit) => (
            <tr key={`${credit.kind}/${credit.account_id}`} className="h-row border-b border-line/70">
              <td className="truncate pr-3">
                <Payee credit={credit} />
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
              Sum of all {groupedCount(credits.total)}
            </th>
            <td className="text-right">
              <Amount sats={credits.sum_sats} />
            </td>
          </tr>
        </tfoot>
      </table>
      {pages <= 1 ? null : (
        <nav aria-label="Pages of credits" className="flex items-center justify-end gap-2 text-xs text-ink-3 tabular">
          {groupedCount(first)} to {groupedCount(Math.min(credits.total, first + CREDITS_PAGE_SIZE - 1))} of{" "}
          {groupedCount(credits.total)}
          <Button size="icon-sm" aria-label="Larger credits" disabled={page === 1} onClick={() => setPage(page - 1)}>
            <ChevronLeft />
          </Button>
          <Button size="icon-sm" aria-label="Smaller credits" disabled={page >= pages} onClick={() => setPage(page + 1)}>
            <ChevronRight />
          </Button>
        </nav>
      )}
    </div>
  );
}

function Payee({ credit }: { readonly credit: CreditDto }) {
  if (credit.kind !== "miner") return <span className="text-ink-2">{OWN_WORDS[credit.kind]}</span>;
  const address = <span className="font-mono text-xs">{shortenMiddle(credit.account_address)}</span>;
  if (credit.account_id === null) return address;
  return (
    <Link href={`/balances/${credit.account_id}`} title={credit.account_address} className="hover:text-accent">
      {address}
    </Link>
  );
}
