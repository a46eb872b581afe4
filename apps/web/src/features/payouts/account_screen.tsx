"use client";
import type { AccountDetailDto } from "@otedama/shared";
import { formatSats, shortenMiddle } from "@otedama/shared/units";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { AccountFacts, AccountSums, BalancesExplained, LedgerLines } from "./account_story.tsx";

export function AccountScreen({ initial }: { readonly initial: AccountDetailDto }) {
  const trpc = useTRPC();
  const query = useQuery({ ...trpc.balances.get.queryOptions({ account_id: initial.account_id }), initialData: initial });
  const account = query.data;
  const name = shortenMiddle(account.address);
  return (
    <Page
      kicker={
        <>
          Payouts ·{" "}
          <Link href="/balances" className="hover:text-ink hover:underline">
            Balances
          </Link>{" "}
          · {name}
        </>
      }
      sentence={`${name} is owed ${formatSats(account.available_sats)} BTC; ${formatSats(account.pending_sats)} BTC wait for confirmations.`}
    >
      {query.isError ? (
        <Problem title="The newest lines could not be fetched" onRetry={() => void query.refetch()}>
          What you see is older. The server did not answer or its database is away.
        </Problem>
      ) : null}
      <AccountSums account={account} />
      <div className="grid grid-cols-1 items-start gap-4 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <Panel title="Ledger" note="newest first" flush={account.lines.length > 0}>
          {account.lines.length === 0 ? (
            <p className="text-sm text-ink-3">
              No line yet. The first is written when the pool finds a block with shares of this account.
            </p>
          ) : (
            <LedgerLines account={account} />
          )}
        </Panel>
        <div className="flex min-w-0 flex-col gap-4 max-xl:order-first">
          <Panel title="Account">
            <AccountFacts account={account} />
          </Panel>
          <Panel
            title="How it came about"
            flush={account.explained.length > 0}
            action={
              <Link href={`/ledger?account=${account.address}`} className="text-sm font-medium text-accent hover:underline">
                Entries
              </Link>
            }
          >
            <BalancesExplained account={account} />
          </Panel>
        </div>
      </div>
    </Page>
  );
}
