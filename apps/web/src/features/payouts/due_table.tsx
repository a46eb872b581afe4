"use client";
import type { PayoutPlanDto, PlannedPayoutDto } from "@otedama/shared";
import { formatSats, shortenMiddle } from "@otedama/shared/units";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, Clock, Pause, Send, TriangleAlert } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useRef, useState } from "react";
import { Amount } from "@/components/data/amount.tsx";
import { plural } from "@/components/data/plural.ts";
import { Button } from "@/components/ui/button.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { Status } from "@/components/ui/status.tsx";
import { useToast } from "@/components/ui/toast.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { SKIP_WORDS } from "./payout_words.ts";
import { ReasonDialog } from "./reason_dialog.tsx";

/** What a plan made now would pay, account by account, and the plan itself: nothing is written until it is confirmed. */
export function DueTable({ may }: { readonly may: boolean }) {
  const trpc = useTRPC();
  const [excluded, setExcluded] = useState<ReadonlySet<number>>(new Set());
  const [without_fees, setWithoutFees] = useState(false);
  const [planning, setPlanning] = useState(false);
  const [holding, setHolding] = useState<PlannedPayoutDto | null>(null);
  const excluded_account_ids = [...excluded].sort((a, b) => a - b);
  const plan = useQuery({
    ...trpc.payouts.plan.queryOptions({ excluded_account_ids, without_fees }),
    placeholderData: keepPreviousData,
    retry: 1,
  });
  if (plan.data === undefined) {
    return plan.isError ? (
      <Problem title="The plan could not be made" onRetry={() => void plan.refetch()}>
        {plan.error.message}
      </Problem>
    ) : (
      <Skeleton className="h-64 w-full" />
    );
  }
  const { data } = plan;
  const paid = data.accounts_paid;
  const pays = data.total_sats > 0;
  const toggle = (account_id: number) => {
    const next = new Set(excluded);
    if (!next.delete(account_id)) next.add(account_id);
    setExcluded(next);
  };
  return (
    <>
      <Panel
        flush
        title={!pays ? "A plan made now would pay nobody" : `A plan made now would pay ${formatSats(data.total_sats)} BTC`}
        note={planNote(data, paid)}
        action={
          may ? (
            <Button variant="primary" disabled={!pays || plan.isPlaceholderData} onClick={() => setPlanning(true)}>
              <Send />
              Plan these payouts
            </Button>
          ) : undefined
        }
      >
        {data.fees === null ? null : (
          <FeesRow fees={data.fees} may={may} left_out={without_fees} onToggle={() => setWithoutFees(!without_fees)} />
        )}
        {data.accounts.length === 0 ? (
          <Empty icon={Clock} title="Nothing is owed">
            <p>
              An account is due when its confirmed balance reaches its threshold. Balances come from blocks that are deep enough.
            </p>
          </Empty>
        ) : (
          <PlanRows plan={data} may={may} excluded={excluded} onToggle={toggle} onHold={setHolding} />
        )}
      </Panel>
      {planning ? (
        <PlanDialog
          plan={data}
          excluded_account_ids={excluded_account_ids}
          without_fees={without_fees}
          onClose={() => setPlanning(false)}
        />
      ) : null}
      {holding === null ? null : <HoldDialog account={holding} onClose={() => setHolding(null)} />}
    </>
  );
}

function planNote(plan: PayoutPlanDto, paid: number): string {
  if (plan.total_sats === 0) return "for each account, why not";
  const batches = plural(plan.batches, "batch", "batches");
  const approval =
    plan.approvals_required === 0
      ? "nobody has to approve it"
      : `${plural(plan.approvals_required, "person", "people")} must approve it`;
  const whom = [
    ...(paid > 0 ? [plural(paid, "account", "accounts")] : []),
    ...(plan.fees?.skipped === null ? ["the pool's own fees"] : []),
  ].join(" and ");
  return `${whom} in ${batches} · ${approval} · the network's fee is paid by the ${plan.fee_payer}`;
}

type FeesRowProps = {
  readonly fees: NonNullable<PayoutPlanDto["fees"]>;
  readonly may: boolean;
  readonly left_out: boolean;
  readonly onToggle: () => void;
};

/** The pool's own fees: they go by a batch of their own. */
function FeesRow({ fees, may, left_out, onToggle }: FeesRowProps) {
  return (
    <div className="flex flex-wrap items-start gap-x-3 gap-y-1 border-t border-line px-4 py-2.5 text-sm">
      {may ? (
        <input
          type="checkbox"
          checked={fees.skipped === null}
          disabled={fees.skipped !== null && !left_out}
          onChange={onToggle}
          aria-label="Pay out the pool's own fees"
          className="mt-0.5 size-4 accent-(--color-accent) pointer-coarse:size-6"
        />
      ) : null}
      <div className="min-w-0 flex-1">
        <span className="font-medium">The pool's own fees</span>{" "}
        <span className="text-ink-3">
          to{" "}
          <span title={fees.address} className="font-mono text-xs">
            {shortenMiddle(fees.address, 14, 8)}
          </span>
        </span>
        <p className="text-xs text-ink-3">{fees.why}</p>
      </div>
      <span className="tabular">
        <Amount sats={fees.available_sats} />
      </span>
    </div>
  );
}

const head = "h-8 border-y border-line px-3 text-xs font-medium text-ink-3 first:pl-4 last:pr-4";
const cell = "h-row border-b border-line/70 px-3 py-1 first:pl-4 last:pr-4";

type PlanRowsProps = {
  readonly plan: PayoutPlanDto;
  readonly may: boolean;
  readonly excluded: ReadonlySet<number>;
  readonly onToggle: (account_id: number) => void;
  readonly onHold: (account: PlannedPayoutDto) => void;
};

function PlanRows({ plan, may, excluded, onToggle, onHold }: PlanRowsProps) {
  const unlisted = plan.accounts_paid + plan.accounts_skipped - plan.accounts.length;
  return (
    <>
      <table className="w-full border-separate border-spacing-0 text-sm tabular">
        <caption className="sr-only">Accounts and what a plan made now would pay them</caption>
        <thead>
          <tr>
            {may ? (
              <th scope="col" className={`${head} w-10 text-left`}>
                Pay
              </th>
            ) : null}
            <th scope="col" className={`${head} text-left`}>
              Account
            </th>
            <th scope="col" className={`${head} text-right`}>
              Available, BTC
            </th>
            <th scope="col" className={`${head} text-left max-md:hidden`}>
              Why
            </th>
            {may ? (
              <th scope="col" className={`${head} w-24 text-right max-sm:hidden`}>
                Order
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {plan.accounts.map((account) => (
            <tr key={account.account_id} className={account.skipped === null ? "" : "text-ink-3"}>
              {may ? (
                <td className={cell}>
                  {account.skipped === null || account.skipped === "excluded" ? (
                    <input
                      type="checkbox"
                      aria-label={`Pay ${account.address}`}
                      checked={!excluded.has(account.account_id)}
                      onChange={() => onToggle(account.account_id)}
                      className="size-4 accent-(--color-accent) pointer-coarse:size-6"
                    />
                  ) : null}
                </td>
              ) : null}
              <td className={cell}>
                <Link
                  href={`/balances/${account.account_id}`}
                  prefetch={false}
                  title={account.address}
                  className="inline-flex min-h-6 items-center font-mono text-xs font-medium text-ink hover:text-accent"
                >
                  <span className="sm:hidden">{shortenMiddle(account.address, 6, 4)}</span>
                  <span className="max-sm:hidden">{shortenMiddle(account.address, 14, 8)}</span>
                </Link>
                <span className="block text-xs text-ink-3 md:hidden">
                  {account.skipped === null ? `batch ${account.batch}` : SKIP_WORDS[account.skipped]}
                </span>
              </td>
              <td className={`${cell} text-right`}>
                <Amount sats={account.available_sats} />
              </td>
              <td className={`${cell} max-md:hidden`}>
                {account.skipped === null ? (
                  <Status tone="good" icon={CircleCheck} word="Paid" className="mr-2 text-xs" />
                ) : (
                  <Status
                    tone={account.skipped === "bad_address" ? "bad" : "quiet"}
                    icon={account.skipped === "held" ? Pause : account.skipped === "bad_address" ? TriangleAlert : Clock}
                    word={SKIP_WORDS[account.skipped]}
                    className="mr-2 text-xs"
                  />
                )}
                <span className="text-xs text-ink-3">{account.why}</span>
              </td>
              {may ? (
                <td className={`${cell} text-right max-sm:hidden`}>
                  {account.skipped === "held" ? null : (
                    <Button size="sm" variant="ghost" onClick={() => onHold(account)} aria-label={`Hold ${account.address}`}>
                      <Pause />
                      Hold
                    </Button>
                  )}
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
      {unlisted > 0 ? (
        <p className="px-4 py-2 text-xs text-ink-3">
          {plural(unlisted, "smaller account is", "smaller accounts are")} not listed; the plan holds them all.
        </p>
      ) : null}
    </>
  );
}

type PlanDialogProps = {
  readonly plan: PayoutPlanDto;
  readonly excluded_account_ids: number[];
  readonly without_fees: boolean;
  readonly onClose: () => void;
};

function PlanDialog({ plan, excluded_account_ids, without_fees, onClose }: PlanDialogProps) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const router = useRouter();
  const toast = useToast();
  // The same key for as long as the dialog is open: pressing twice, or again after a lost answer, plans once.
  const plan_key = useRef(`hand-${crypto.randomUUID()}`);
  const [note, setNote] = useState("");
  const create = useMutation(trpc.payouts.create.mutationOptions());
  const confirm = async () => {
    try {
      const made = await create.mutateAsync({
        plan_key: plan_key.current,
        expected_total_sats: plan.total_sats,
        excluded_account_ids,
        without_fees,
        note: note.trim() === "" ? null : note.trim(),
      });
      void cache.invalidateQueries({ queryKey: trpc.payouts.pathKey() });
      toast({
        tone: "good",
        icon: CircleCheck,
        word: "Planned",
        text: `${plural(made.batch_ids.length, "batch", "batches")}, ${formatSats(made.total_sats)} BTC.`,
      });
      onClose();
      const [first] = made.batch_ids;
      if (first !== undefined) router.push(`/payouts/${first}`);
    } catch {
      // Told by the mutation's own state.
    }
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={`Plan payouts of ${formatSats(plan.total_sats)} BTC`}
      description="The amounts are reserved in the ledger. Until its transaction is signed a batch can be cancelled, and its money is available again."
    >
      <div className="flex flex-col gap-4">
        <p className="text-sm text-ink-2">{planNote(plan, plan.accounts_paid)}.</p>
        <Field
          label="Note"
          hint="For whoever reads it later. Can stay empty."
          maxLength={500}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
        {create.error === null ? null : <Problem title="Nothing was planned">{create.error.message}</Problem>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Back</Button>
          <Button variant="primary" onClick={() => void confirm()} disabled={create.isPending} aria-busy={create.isPending}>
            {create.isPending ? "Planning…" : "Plan them"}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function HoldDialog({ account, onClose }: { readonly account: PlannedPayoutDto; readonly onClose: () => void }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const hold = useMutation(trpc.payouts.hold.mutationOptions());
  return (
    <ReasonDialog
      title={`Hold ${shortenMiddle(account.address)}`}
      description="Nothing is planned for this account until somebody releases it. What it is owed stays as it is."
      action="Hold the account"
      problem={hold.error?.message ?? null}
      busy={hold.isPending}
      onClose={onClose}
      onConfirm={async (reason) => {
        await hold.mutateAsync({ account_id: account.account_id, reason });
        await cache.invalidateQueries({ queryKey: trpc.payouts.pathKey() });
        onClose();
      }}
    />
  );
}
