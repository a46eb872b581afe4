"use client";
import { shortenMiddle } from "@otedama/shared/units";
import { useQuery } from "@tanstack/react-query";
import { Problem } from "@/components/ui/problem.tsx";
import { SidePanel } from "@/components/ui/side_panel.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { AccountFacts, AccountSums, LedgerLines } from "./account_story.tsx";

const MEANS_NOT_FOUND: readonly (string | undefined)[] = ["NOT_FOUND", "BAD_REQUEST"];

/** An account beside the table. */
export default function AccountPanel({ id, onClose }: { readonly id: number; readonly onClose: () => void }) {
  const trpc = useTRPC();
  const account = useQuery({ ...trpc.balances.get.queryOptions({ account_id: id }), retry: 1 });
  const name = account.data === undefined ? "Account" : shortenMiddle(account.data.address);
  return (
    <SidePanel open onClose={onClose} title={name} label={`Account ${name}`} href={`/balances/${id}`}>
      {account.isError ? (
        MEANS_NOT_FOUND.includes(account.error.data?.code) ? (
          <Problem title="There is no such account">It may have been asked for by an old or mistyped link.</Problem>
        ) : (
          <Problem title="The account could not be loaded" onRetry={() => void account.refetch()}>
            The server did not answer or its database is away.
          </Problem>
        )
      ) : account.data === undefined ? (
        <div role="status" aria-label="Loading" className="flex flex-col gap-4">
          <Skeleton className="h-28 w-full" />
          <Skeleton className="h-24 w-full" />
          <Skeleton className="h-64 w-full" />
        </div>
      ) : (
        <div className="flex flex-col gap-5">
          <AccountSums account={account.data} />
          <AccountFacts account={account.data} />
          <section className="-mx-4">
            <h3 className="mb-2 px-4 text-sm">Ledger</h3>
            <LedgerLines account={account.data} />
          </section>
        </div>
      )}
    </SidePanel>
  );
}
