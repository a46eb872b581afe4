"use client";
import type { MeDto, PayoutBatchesPage, PayoutSummaryDto } from "@otedama/shared";
import { formatSats } from "@otedama/shared/units";
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import Link from "next/link";
import { useQueryState, useQueryStates } from "nuqs";
import { Amount } from "@/components/data/amount.tsx";
import { plural } from "@/components/data/plural.ts";
import { Button } from "@/components/ui/button.tsx";
import { LiveRegion } from "@/components/ui/live_region.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { TabPanel, Tabs } from "@/components/ui/tabs.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { BatchesTable } from "./batches_table.tsx";
import { DueTable } from "./due_table.tsx";
import { HoldsTable } from "./holds_table.tsx";
import { mayPay } from "./may_pay.ts";
import { PaymentsTable } from "./payments_table.tsx";
import { type batchesQuery, batchesSearch, parseAsPayoutTab } from "./payouts_search.ts";
import { Pipeline } from "./pipeline.tsx";

type PayoutsScreenProps = {
  readonly me: MeDto;
  readonly summary: PayoutSummaryDto;
  readonly initial: PayoutBatchesPage;
  readonly initialQuery: ReturnType<typeof batchesQuery>;
};

const TABS = [
  { value: "batches", label: "Batches" },
  { value: "due", label: "Due" },
  { value: "payments", label: "Payments" },
  { value: "holds", label: "Holds" },
] as const;

export function PayoutsScreen({ me, summary: first, initial, initialQuery }: PayoutsScreenProps) {
  const trpc = useTRPC();
  const query = useQuery({ ...trpc.payouts.summary.queryOptions(), initialData: first });
  const [tab, setTab] = useQueryState("tab", parseAsPayoutTab.withOptions({ history: "push" }));
  const [chosen, choose] = useQueryStates(batchesSearch, { history: "push" });
  const summary = query.data;
  const sentence = payoutsSentence(summary);
  return (
    <Page
      kicker="Payouts"
      sentence={sentence}
      action={
        <>
          <Export format="csv" />
          <Export format="json" />
        </>
      }
    >
      <LiveRegion text={sentence} />
      {query.isError ? (
        <Problem title="The newest state could not be fetched" onRetry={() => void query.refetch()}>
          What you see is older. The server did not answer or its database is away.
        </Problem>
      ) : null}
      {summary.troubles.map(({ batch_id, stopped, sentence: text }) => (
        <Problem key={batch_id} title={`Batch ${batch_id} ${stopped ? "is stopped" : "waits"}`}>
          {text}{" "}
          <Link href={`/payouts/${batch_id}`} className="font-medium text-accent underline">
            Open it
          </Link>
        </Problem>
      ))}
      <Pipeline
        summary={summary}
        chosen={tab === "batches" ? chosen.state : null}
        onChoose={(state) => {
          void setTab("batches");
          void choose({ state });
        }}
      />
      <Wallet summary={summary} />
      <Tabs label="Payouts" value={tab} choices={TABS} onChoose={(next) => void setTab(next)}>
        <TabPanel value="batches">
          <BatchesTable initial={initial} initialQuery={initialQuery} />
        </TabPanel>
        <TabPanel value="due">
          <DueTable may={mayPay(me)} />
        </TabPanel>
        <TabPanel value="payments">
          <PaymentsTable />
        </TabPanel>
        <TabPanel value="holds">
          <HoldsTable may={mayPay(me)} />
        </TabPanel>
      </Tabs>
    </Page>
  );
}

const Export = ({ format }: { readonly format: "csv" | "json" }) => (
  <Button asChild>
    <a href={`/api/payouts/export.${format}`} download>
      <Download />
      {format.toUpperCase()}
    </a>
  </Button>
);

function Wallet({ summary }: { readonly summary: PayoutSummaryDto }) {
  const { wallet } = summary;
  const figures = [
    {
      name: "Spendable",
      note: `in ${plural(wallet.outputs, "output", "outputs")} that the pool knows of`,
      sats: wallet.spendable_sats,
    },
    { name: "Coming", note: "ripening or not yet mined", sats: wallet.coming_sats },
    { name: "In batches", note: "inputs of open transactions", sats: wallet.reserved_sats },
    {
      name: "Pool's fees",
      note: summary.fees.due_sats > 0 ? `${formatSats(summary.fees.due_sats)} due` : "its own, available",
      sats: summary.fees.available_sats,
    },
    { name: "Owed, not due", note: plural(summary.waiting.accounts, "account", "accounts"), sats: summary.waiting.amount_sats },
  ];
  return (
    <dl className="grid grid-cols-1 gap-px overflow-hidden rounded-lg border border-line bg-line sm:grid-cols-2 lg:grid-cols-5">
      {figures.map((figure) => (
        <div key={figure.name} className="bg-panel px-4 py-2.5 sm:last:col-span-2 xl:last:col-span-1">
          <dt className="flex flex-wrap items-baseline gap-x-2 text-xs">
            <span className="font-medium text-ink-2">{figure.name}</span>
            <span className="text-2xs text-ink-3">{figure.note}</span>
          </dt>
          <dd className="mt-0.5 text-base font-semibold">
            <Amount sats={figure.sats} /> <span className="text-xs font-normal text-ink-3">BTC</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function payoutsSentence(summary: PayoutSummaryDto): string {
  const stopped = summary.troubles.find((trouble) => trouble.stopped);
  if (stopped !== undefined) return `Batch ${stopped.batch_id} is stopped and waits for a decision.`;
  const at = (state: string) => summary.pipeline.find((step) => step.state === state);
  const planned = at("planned");
  if (planned !== undefined && planned.batches > 0) {
    return `${plural(planned.batches, "batch waits", "batches wait")} for approval: ${formatSats(planned.amount_sats)} BTC.`;
  }
  const under_way = ["approved", "unsigned", "signed", "broadcast"].reduce((sum, state) => sum + (at(state)?.batches ?? 0), 0);
  const due =
    summary.due.accounts === 0
      ? "nobody is due a payout"
      : `${formatSats(summary.due.amount_sats)} BTC are due to ${plural(summary.due.accounts, "account", "accounts")}`;
  const way = under_way === 0 ? "Nothing is on its way" : `${plural(under_way, "batch is", "batches are")} on the way`;
  return `${way}; ${due}.`;
}
