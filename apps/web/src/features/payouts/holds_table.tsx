"use client";
import { shortenMiddle } from "@otedama/shared/units";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Pause, TriangleAlert } from "lucide-react";
import Link from "next/link";
import { When } from "@/components/data/when.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { useToast } from "@/components/ui/toast.tsx";
import { useTRPC } from "@/lib/trpc.tsx";

const head = "h-8 border-y border-line px-3 text-left text-xs font-medium text-ink-3 first:pl-4 last:pr-4";
const cell = "h-row border-b border-line/70 px-3 py-1 first:pl-4 last:pr-4";

export function HoldsTable({ may }: { readonly may: boolean }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const toast = useToast();
  const holds = useQuery({ ...trpc.payouts.holds.queryOptions(), retry: 1 });
  const release = useMutation(
    trpc.payouts.release.mutationOptions({
      onSettled: () => cache.invalidateQueries({ queryKey: trpc.payouts.pathKey() }),
      onError: (error) => toast({ tone: "bad", icon: TriangleAlert, word: "Not released", text: error.message }),
    }),
  );
  if (holds.data === undefined) {
    return holds.isError ? (
      <Problem title="The holds could not be loaded" onRetry={() => void holds.refetch()}>
        The server did not answer or its database is away.
      </Problem>
    ) : (
      <Skeleton className="h-40 w-full" />
    );
  }
  return (
    <Panel flush>
      {holds.data.length === 0 ? (
        <Empty icon={Pause} title="No account is held">
          <p>An account that is held is left out of every plan. Hold one under Due; it is released here.</p>
        </Empty>
      ) : (
        <table className="w-full border-separate border-spacing-0 text-sm">
          <caption className="sr-only">Accounts that are held</caption>
          <thead>
            <tr>
              <th scope="col" className={head}>
                Account
              </th>
              <th scope="col" className={`${head} max-sm:hidden`}>
                Why
              </th>
              <th scope="col" className={`${head} max-md:hidden`}>
                By
              </th>
              <th scope="col" className={`${head} max-md:hidden`}>
                Since
              </th>
              {may ? (
                <th scope="col" className={`${head} w-28`}>
                  Order
                </th>
              ) : null}
            </tr>
          </thead>
          <tbody>
            {holds.data.map((hold) => (
              <tr key={hold.account_id}>
                <td className={cell}>
                  <Link
                    href={`/balances/${hold.account_id}`}
                    title={hold.address}
                    className="inline-flex min-h-6 items-center font-mono text-xs font-medium text-ink hover:text-accent"
                  >
                    {shortenMiddle(hold.address, 10, 6)}
                  </Link>
                  <span className="block text-xs text-ink-3 sm:hidden">{hold.reason}</span>
                </td>
                <td className={`${cell} max-sm:hidden`}>{hold.reason}</td>
                <td className={`${cell} text-ink-2 max-md:hidden`}>{hold.placed_by}</td>
                <td className={`${cell} text-ink-3 max-md:hidden`}>
                  <When at_ms={hold.placed_at_ms} />
                </td>
                {may ? (
                  <td className={cell}>
                    <Button
                      size="sm"
                      disabled={release.isPending}
                      aria-label={`Release ${hold.address}`}
                      onClick={() => release.mutate({ account_id: hold.account_id })}
                    >
                      Release
                    </Button>
                  </td>
                ) : null}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
