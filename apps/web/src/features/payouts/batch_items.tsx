"use client";
import type { PayoutBatchDetailDto, PayoutItemDto } from "@otedama/shared";
import { shortenMiddle } from "@otedama/shared/units";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { UserMinus } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { Amount } from "@/components/data/amount.tsx";
import { plural } from "@/components/data/plural.ts";
import { Button } from "@/components/ui/button.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { ReasonDialog } from "./reason_dialog.tsx";

const head = "h-8 border-y border-line px-3 text-xs font-medium text-ink-3 first:pl-4 last:pr-4";
const cell = "h-row border-b border-line/70 px-3 py-1 first:pl-4 last:pr-4";

export function BatchItems({ detail, may }: { readonly detail: PayoutBatchDetailDto; readonly may: boolean }) {
  const [leaving, setLeaving] = useState<PayoutItemDto | null>(null);
  const excludes = may && detail.can.exclude === null;
  return (
    <>
      <table className="w-full border-separate border-spacing-0 text-sm tabular">
        <caption className="sr-only">Accounts of batch {detail.batch.id}</caption>
        <thead>
          <tr>
            <th scope="col" className={`${head} text-left`}>
              Account
            </th>
            <th scope="col" className={`${head} text-right max-sm:hidden`}>
              From its balance, BTC
            </th>
            <th scope="col" className={`${head} text-right max-md:hidden`}>
              Its fee, BTC
            </th>
            <th scope="col" className={`${head} text-right`}>
              Receives, BTC
            </th>
            {excludes ? (
              <th scope="col" className={`${head} w-32 text-right max-sm:hidden`}>
                Order
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {detail.items.map((item) => (
            <tr key={item.account_id} className={item.excluded_by === null ? "" : "text-ink-3"}>
              <td className={cell}>
                <Link
                  href={`/balances/${item.account_id}`}
                  prefetch={false}
                  title={item.address}
                  className="inline-flex min-h-6 items-center font-mono text-xs font-medium text-ink hover:text-accent"
                >
                  <span className="sm:hidden">{shortenMiddle(item.address, 6, 4)}</span>
                  <span className="max-sm:hidden">{shortenMiddle(item.address, 14, 8)}</span>
                </Link>
                {item.excluded_by === null ? null : (
                  <span className="block text-xs">
                    Taken out by {item.excluded_by}: {item.excluded_why}
                  </span>
                )}
              </td>
              <td className={`${cell} text-right max-sm:hidden`}>
                <Amount sats={item.amount_sats} className={item.excluded_by === null ? "" : "line-through"} />
              </td>
              <td className={`${cell} text-right max-md:hidden`}>
                <Amount sats={item.fee_part_sats} />
              </td>
              <td className={`${cell} text-right`}>
                <Amount sats={item.excluded_by === null ? item.paid_sats : 0} />
              </td>
              {excludes ? (
                <td className={`${cell} text-right max-sm:hidden`}>
                  {item.excluded_by === null ? (
                    <Button size="sm" variant="ghost" aria-label={`Take out ${item.address}`} onClick={() => setLeaving(item)}>
                      <UserMinus />
                      Take out
                    </Button>
                  ) : null}
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
      {detail.batch.accounts > detail.items.length ? (
        <p className="px-4 py-2 text-xs text-ink-3">
          {plural(detail.batch.accounts - detail.items.length, "smaller account is", "smaller accounts are")} not listed.
        </p>
      ) : null}
      {leaving === null ? null : <ExcludeDialog detail={detail} item={leaving} onClose={() => setLeaving(null)} />}
    </>
  );
}

type ExcludeDialogProps = {
  readonly detail: PayoutBatchDetailDto;
  readonly item: PayoutItemDto;
  readonly onClose: () => void;
};

function ExcludeDialog({ detail, item, onClose }: ExcludeDialogProps) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const exclude = useMutation(trpc.payouts.exclude.mutationOptions());
  return (
    <ReasonDialog
      title={`Take ${shortenMiddle(item.address)} out of batch ${detail.batch.id}`}
      description="Its amount is available to it again and falls into the next plan, unless the account is held as well."
      action="Take it out"
      problem={exclude.error?.message ?? null}
      busy={exclude.isPending}
      onClose={onClose}
      onConfirm={async (reason) => {
        await exclude.mutateAsync({ batch_id: detail.batch.id, account_id: item.account_id, reason });
        await cache.invalidateQueries({ queryKey: trpc.payouts.pathKey() });
        onClose();
      }}
    />
  );
}
