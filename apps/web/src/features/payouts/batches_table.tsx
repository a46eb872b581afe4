"use client";
import type { PayoutBatchDto, PayoutBatchesPage } from "@otedama/shared";
import { groupedCount, shortenHash } from "@otedama/shared/units";
import type { ColumnDef } from "@tanstack/react-table";
import { Filter, SearchX, Send } from "lucide-react";
import { useRouter } from "next/navigation";
import { useQueryStates } from "nuqs";
import { Amount } from "@/components/data/amount.tsx";
import { plural } from "@/components/data/plural.ts";
import { When } from "@/components/data/when.tsx";
import { DataTable } from "@/components/table/data_table.tsx";
import { RowLink } from "@/components/table/row_link.tsx";
import { Toolbar } from "@/components/table/toolbar.tsx";
import { useRemoteRows } from "@/components/table/use_remote_rows.ts";
import { Button } from "@/components/ui/button.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Select } from "@/components/ui/select.tsx";
import { Status } from "@/components/ui/status.tsx";
import { LIST_PAGE_SIZE } from "@/lib/list_search.ts";
import { useTRPC, useTRPCClient } from "@/lib/trpc.tsx";
import { BATCH_LOOKS } from "./payout_words.ts";
import { batchesQuery, batchesSearch } from "./payouts_search.ts";

type BatchesTableProps = { readonly initial: PayoutBatchesPage; readonly initialQuery: ReturnType<typeof batchesQuery> };

export function BatchesTable({ initial, initialQuery }: BatchesTableProps) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const router = useRouter();
  const [chosen, choose] = useQueryStates(batchesSearch, { history: "push" });
  const list = useRemoteRows<PayoutBatchesPage>({
    page_size: LIST_PAGE_SIZE,
    initial,
    initialKey: trpc.payouts.batches.queryKey(initialQuery),
    keyOf: (page) => trpc.payouts.batches.queryKey(batchesQuery(chosen, page, LIST_PAGE_SIZE)),
    fetchPage: (page, signal) => client.payouts.batches.query(batchesQuery(chosen, page, LIST_PAGE_SIZE), { signal }),
  });
  return (
    <>
      {list.problem === null ? null : (
        <Problem title="The newest list could not be fetched" onRetry={list.retry}>
          What you see is older. The server did not answer or its database is away.
        </Problem>
      )}
      <Panel flush>
        <Toolbar count={plural(list.total, "batch", "batches")}>
          <Select
            label="State"
            icon={<Filter />}
            value={chosen.state ?? "any"}
            choices={[
              { value: "any", label: "Any state" },
              ...(Object.keys(BATCH_LOOKS) as PayoutBatchDto["state"][]).map((state) => ({
                value: state,
                label: BATCH_LOOKS[state].word,
              })),
            ]}
            onChoose={(state) => void choose({ state: state === "any" ? null : state })}
          />
        </Toolbar>
        <DataTable
          caption="Payout batches, newest first"
          columns={COLUMNS}
          total={list.total}
          rowAt={list.rowAt}
          onRange={list.onRange}
          outdated={list.outdated}
          idOf={(batch) => String(batch.id)}
          onOpen={(batch) => router.push(`/payouts/${batch.id}`)}
          empty={
            chosen.state === null ? (
              <Empty icon={Send} title="No payout was made yet">
                <p>
                  A batch is planned when accounts reach their threshold, by the schedule or by hand under Due. It then goes
                  through the steps above, and each of them can be seen here.
                </p>
              </Empty>
            ) : (
              <Empty icon={SearchX} title={`No batch is ${BATCH_LOOKS[chosen.state].word.toLowerCase()}`}>
                <Button onClick={() => void choose({ state: null })}>Show all batches</Button>
              </Empty>
            )
          }
        />
      </Panel>
    </>
  );
}

const COLUMNS: readonly ColumnDef<PayoutBatchDto, unknown>[] = [
  {
    id: "id",
    header: "Batch",
    cell: ({ row: { original: batch } }) => <RowLink href={`/payouts/${batch.id}`}>{batch.id}</RowLink>,
    meta: { className: "w-16 sm:w-20" },
  },
  {
    id: "state",
    header: "State",
    cell: ({ row: { original: batch } }) => {
      const look = BATCH_LOOKS[batch.state];
      return <Status tone={batch.stopped_why === null ? look.tone : "bad"} icon={look.icon} word={look.word} />;
    },
    meta: { className: "w-36" },
  },
  {
    id: "waits",
    header: "What is next",
    cell: ({ row: { original: batch } }) => <span className="text-ink-2">{nextOf(batch)}</span>,
    meta: { className: "hidden lg:table-cell" },
  },
  {
    id: "accounts",
    header: "Accounts",
    cell: ({ row: { original: batch } }) => (batch.pays === "fees" ? "pool's fees" : groupedCount(batch.accounts)),
    meta: { align: "right", className: "hidden w-28 md:table-cell" },
  },
  {
    id: "amount",
    header: "Amount, BTC",
    cell: ({ row }) => <Amount sats={row.original.amount_sats} />,
    meta: { align: "right", className: "sm:w-40" },
  },
  {
    id: "txid",
    header: "Transaction",
    cell: ({ row: { original: batch } }) =>
      batch.txid === null ? (
        <span className="text-ink-4">none</span>
      ) : (
        <span title={batch.txid} className="font-mono text-xs text-ink-2">
          {shortenHash(batch.txid, 10)}
        </span>
      ),
    meta: { className: "hidden w-40 xl:table-cell" },
  },
  {
    id: "made",
    header: "Planned",
    cell: ({ row }) => <When at_ms={row.original.created_at_ms} />,
    meta: { align: "right", className: "hidden w-32 sm:table-cell" },
  },
];

function nextOf(batch: PayoutBatchDto): string {
  if (batch.stopped_why !== null) return batch.stopped_why;
  if (batch.waiting_for !== null) return batch.waiting_for;
  switch (batch.state) {
    case "planned":
      return `${batch.approved_by.length} of ${plural(batch.approvals_required, "approval", "approvals")}`;
    case "broadcast":
      return `${groupedCount(batch.confirmations)} of ${plural(batch.confirmations_wanted, "confirmation", "confirmations")}`;
    case "cancelled":
      return batch.note ?? "";
    default:
      return BATCH_LOOKS[batch.state].meaning;
  }
}
