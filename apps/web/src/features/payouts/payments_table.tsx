"use client";
import type { PayoutHistoryDto, PayoutPaymentsPage } from "@otedama/shared";
import { shortenHash, shortenMiddle } from "@otedama/shared/units";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import { Coins, SearchX } from "lucide-react";
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
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { Status } from "@/components/ui/status.tsx";
import { LIST_PAGE_SIZE, WHILE_TYPING } from "@/lib/list_search.ts";
import { useTRPC, useTRPCClient } from "@/lib/trpc.tsx";
import { BATCH_LOOKS } from "./payout_words.ts";
import { paymentsQuery, paymentsSearch } from "./payouts_search.ts";

/** Every payment to every account; found by address or txid. */
export function PaymentsTable() {
  const trpc = useTRPC();
  const [chosen] = useQueryStates(paymentsSearch);
  const query = paymentsQuery(chosen, 1, LIST_PAGE_SIZE);
  const first = useQuery({ ...trpc.payouts.payments.queryOptions(query), placeholderData: keepPreviousData });
  if (first.data === undefined) {
    return first.isError ? (
      <Problem title="The payments could not be loaded" onRetry={() => void first.refetch()}>
        The server did not answer or its database is away.
      </Problem>
    ) : (
      <Skeleton className="h-64 w-full" />
    );
  }
  return <Payments initial={first.data} initialQuery={query} />;
}

type PaymentsProps = { readonly initial: PayoutPaymentsPage; readonly initialQuery: ReturnType<typeof paymentsQuery> };

function Payments({ initial, initialQuery }: PaymentsProps) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const router = useRouter();
  const [chosen, choose] = useQueryStates(paymentsSearch, { history: "push" });
  const list = useRemoteRows<PayoutPaymentsPage>({
    page_size: LIST_PAGE_SIZE,
    initial,
    initialKey: trpc.payouts.payments.queryKey(initialQuery),
    keyOf: (page) => trpc.payouts.payments.queryKey(paymentsQuery(chosen, page, LIST_PAGE_SIZE)),
    fetchPage: (page, signal) => client.payouts.payments.query(paymentsQuery(chosen, page, LIST_PAGE_SIZE), { signal }),
  });
  return (
    <Panel flush>
      <Toolbar
        search={{
          label: "Address or transaction",
          value: chosen.q,
          onSearch: (q) => void choose({ q: q === "" ? null : q }, WHILE_TYPING),
        }}
        count={plural(list.total, "payment", "payments")}
      />
      <DataTable
        caption="Payments, newest first"
        columns={COLUMNS}
        total={list.total}
        rowAt={list.rowAt}
        onRange={list.onRange}
        outdated={list.outdated}
        idOf={(payment) => `${payment.batch_id}/${payment.account_id}`}
        onOpen={(payment) => router.push(`/payouts/${payment.batch_id}`)}
        empty={
          chosen.q === "" ? (
            <Empty icon={Coins} title="Nobody was paid yet">
              <p>Each payment of each batch is listed here with its transaction and confirmations.</p>
            </Empty>
          ) : (
            <Empty icon={SearchX} title="No payment matches">
              <Button onClick={() => void choose({ q: null })}>Clear the search</Button>
            </Empty>
          )
        }
      />
    </Panel>
  );
}

const COLUMNS: readonly ColumnDef<PayoutHistoryDto, unknown>[] = [
  {
    id: "address",
    header: "Account",
    cell: ({ row: { original: payment } }) => (
      <span title={payment.address} className="font-mono text-xs">
        <RowLink href={`/balances/${payment.account_id}`}>
          <span className="lg:hidden">{shortenMiddle(payment.address, 6, 4)}</span>
          <span className="max-lg:hidden">{shortenMiddle(payment.address, 18, 10)}</span>
        </RowLink>
        {payment.pays === "fees" ? <span className="font-sans text-ink-3"> pool's fees</span> : null}
      </span>
    ),
  },
  {
    id: "state",
    header: "State",
    cell: ({ row }) => {
      const look = BATCH_LOOKS[row.original.state];
      return <Status tone={look.tone} icon={look.icon} word={look.word} />;
    },
    meta: { className: "hidden w-36 sm:table-cell" },
  },
  {
    id: "paid",
    header: "Paid, BTC",
    cell: ({ row }) => <Amount sats={row.original.paid_sats} />,
    meta: { align: "right", className: "w-36" },
  },
  {
    id: "fee",
    header: "Its fee, BTC",
    cell: ({ row }) => <Amount sats={row.original.fee_part_sats} />,
    meta: { align: "right", className: "hidden w-32 xl:table-cell" },
  },
  {
    id: "txid",
    header: "Transaction",
    cell: ({ row: { original: payment } }) =>
      payment.txid === null ? (
        <span className="text-ink-4">none</span>
      ) : (
        <span title={payment.txid} className="font-mono text-xs text-ink-2">
          {shortenHash(payment.txid, 10)}
        </span>
      ),
    meta: { className: "hidden w-40 lg:table-cell" },
  },
  {
    id: "confirmations",
    header: "Confirmations",
    cell: ({ row }) => row.original.confirmations,
    meta: { align: "right", className: "hidden w-28 md:table-cell" },
  },
  {
    id: "planned",
    header: "Planned",
    cell: ({ row }) => <When at_ms={row.original.planned_at_ms} />,
    meta: { align: "right", className: "hidden w-32 md:table-cell" },
  },
];
