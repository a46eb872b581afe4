"use client";
import type { MeDto, PayoutBatchDetailDto } from "@otedama/shared";
import { formatSats } from "@otedama/shared/units";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { plural } from "@/components/data/plural.ts";
import { LiveRegion } from "@/components/ui/live_region.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Status } from "@/components/ui/status.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { BatchActions } from "./batch_actions.tsx";
import { BatchItems } from "./batch_items.tsx";
import { BatchFacts, BatchSteps } from "./batch_story.tsx";
import { BatchTransactions } from "./batch_transactions.tsx";
import { mayPay } from "./may_pay.ts";
import { BATCH_LOOKS, payeesOf } from "./payout_words.ts";

export function BatchScreen({ me, initial }: { readonly me: MeDto; readonly initial: PayoutBatchDetailDto }) {
  const trpc = useTRPC();
  const query = useQuery({ ...trpc.payouts.batch.queryOptions({ batch_id: initial.batch.id }), initialData: initial });
  const detail = query.data;
  const { batch } = detail;
  const look = BATCH_LOOKS[batch.state];
  const may = mayPay(me);
  const text = sentence(detail);
  return (
    <Page
      kicker={
        <>
          <Link href="/payouts" className="hover:text-ink hover:underline">
            Payouts
          </Link>{" "}
          · Batch {batch.id}
        </>
      }
      sentence={text}
      action={
        <>
          <Status tone={batch.stopped_why === null ? look.tone : "bad"} icon={look.icon} word={look.word} boxed />
          {may ? <BatchActions detail={detail} me={me} /> : null}
        </>
      }
    >
      <LiveRegion text={text} />
      {query.isError ? (
        <Problem title="The newest state could not be fetched" onRetry={() => void query.refetch()}>
          What you see is older. The server did not answer or its database is away.
        </Problem>
      ) : null}
      {batch.stopped_why === null ? null : <Problem title="This batch is stopped">{batch.stopped_why}</Problem>}
      <div className="grid grid-cols-1 items-start gap-4 xl:grid-cols-[22rem_minmax(0,1fr)]">
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title="Steps">
            <BatchSteps detail={detail} />
          </Panel>
          <Panel title="Batch">
            <BatchFacts detail={detail} />
          </Panel>
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title="Transactions" note="newest attempt first; all spend the same inputs, so that at most one is mined">
            <BatchTransactions detail={detail} may={may} />
          </Panel>
          <Panel {...(batch.pays === "fees" ? { title: "Paid to" } : { title: "Accounts", note: "largest first" })} flush>
            <BatchItems detail={detail} may={may} />
          </Panel>
        </div>
      </div>
    </Page>
  );
}

function sentence({ batch }: PayoutBatchDetailDto): string {
  const money = batch.pays === "fees" ? "BTC of the pool's fees" : "BTC";
  const what = `${formatSats(batch.amount_sats)} ${money} to ${payeesOf(batch)}`;
  if (batch.stopped_why !== null) return `Batch ${batch.id} is stopped: ${what} wait for a decision.`;
  switch (batch.state) {
    case "planned": {
      const missing = Math.max(0, batch.approvals_required - batch.approved_by.length);
      return `Batch ${batch.id}, ${what}, waits for ${plural(missing, "approval", "approvals")}.`;
    }
    case "approved":
      return `Batch ${batch.id}, ${what}, is approved; the pool makes its transaction.`;
    case "unsigned":
      return `Batch ${batch.id}, ${what}, waits for its signature.`;
    case "signed":
      return `Batch ${batch.id}, ${what}, is signed and is being sent.`;
    case "broadcast":
      return `Batch ${batch.id}, ${what}, has ${batch.confirmations} of ${plural(batch.confirmations_wanted, "confirmation", "confirmations")}.`;
    case "settled":
      return `Batch ${batch.id} paid ${what}.`;
    case "cancelled":
      return `Batch ${batch.id} was cancelled: its ${what} are available again.`;
  }
}
