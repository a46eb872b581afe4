"use client";
import type { NoticeDeliveriesPage, NoticeDeliveryDto } from "@otedama/shared";
import { shortenMiddle } from "@otedama/shared/units";
import { useMutation, useQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import { Filter, Inbox, RotateCw } from "lucide-react";
import { useQueryStates } from "nuqs";
import { useMemo } from "react";
import { plural } from "@/components/data/plural.ts";
import { When } from "@/components/data/when.tsx";
import { DataTable } from "@/components/table/data_table.tsx";
import { Toolbar } from "@/components/table/toolbar.tsx";
import { useRemoteRows } from "@/components/table/use_remote_rows.ts";
import { Button } from "@/components/ui/button.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Select } from "@/components/ui/select.tsx";
import { Status } from "@/components/ui/status.tsx";
import { LIST_PAGE_SIZE } from "@/lib/list_search.ts";
import { useTRPC, useTRPCClient } from "@/lib/trpc.tsx";
import { DELIVERED_WORDS, DELIVERY_LOOKS } from "./looks.ts";
import { DELIVERY_STATES, deliveriesQuery, noticesSearch } from "./notices_search.ts";

/** Deliveries go on while one looks; nothing pushes them, so they are asked for. */
const REFRESH_MS = 5_000;

type DeliveriesProps = {
  readonly initial: NoticeDeliveriesPage;
  readonly initialQuery: ReturnType<typeof deliveriesQuery>;
  readonly onRetried: () => void;
};

/** What went out, what waits, and what was given up. */
export function Deliveries({ initial, initialQuery, onRetried }: DeliveriesProps) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [chosen, choose] = useQueryStates(noticesSearch, { history: "push" });
  const list = useRemoteRows<NoticeDeliveriesPage>({
    page_size: LIST_PAGE_SIZE,
    initial,
    initialKey: trpc.notices.deliveries.queryKey(initialQuery),
    keyOf: (page) => trpc.notices.deliveries.queryKey(deliveriesQuery(chosen, page)),
    fetchPage: (page, signal) => client.notices.deliveries.query(deliveriesQuery(chosen, page), { signal }),
  });
  // The first page is asked for again now and then, under the key that the table reads.
  useQuery({ ...trpc.notices.deliveries.queryOptions(deliveriesQuery(chosen, 1)), refetchInterval: REFRESH_MS });
  const retry = useMutation(
    trpc.notices.retry.mutationOptions({
      onSuccess: () => {
        onRetried();
        list.refresh();
      },
    }),
  );
  const { mutate } = retry;
  const columns = useMemo(() => deliveryColumns((id) => mutate({ id })), [mutate]);
  return (
    <Panel title="Deliveries" note="of the last 30 days" flush>
      {list.problem === null ? null : (
        <Problem title="The newest deliveries could not be fetched" onRetry={list.retry}>
          What you see is older. The server did not answer or its database is away.
        </Problem>
      )}
      <Failure title="Nothing is tried again" error={retry.error} />
      <Toolbar count={plural(list.total, "delivery", "deliveries")}>
        <Select
          label="State"
          icon={<Filter />}
          value={chosen.state ?? "any"}
          choices={[
            { value: "any", label: "Any state" },
            ...DELIVERY_STATES.map((state) => ({ value: state, label: DELIVERY_LOOKS[state].word })),
          ]}
          onChoose={(state) => void choose({ state: state === "any" ? null : state })}
        />
        {chosen.state === "dead" && list.total > 0 ? (
          <Button disabled={retry.isPending} aria-busy={retry.isPending} onClick={() => retry.mutate({ id: null })}>
            <RotateCw />
            Try all again
          </Button>
        ) : null}
      </Toolbar>
      <DataTable
        caption="Deliveries"
        columns={columns}
        total={list.total}
        rowAt={list.rowAt}
        onRange={list.onRange}
        outdated={list.outdated}
        idOf={(delivery) => String(delivery.id)}
        empty={
          chosen.state === null ? (
            <Empty icon={Inbox} title="Nothing was sent yet">
              <p>What happens from now on is sent to the channels that carry it, and shown here.</p>
            </Empty>
          ) : (
            <Empty icon={Inbox} title={`Nothing is ${DELIVERY_LOOKS[chosen.state].word.toLowerCase()}`}>
              <Button onClick={() => void choose({ state: null })}>Show all deliveries</Button>
            </Empty>
          )
        }
      />
    </Panel>
  );
}

const deliveryColumns = (retry: (id: number) => void): ColumnDef<NoticeDeliveryDto, unknown>[] => [
  { id: "event", header: "Event", cell: ({ row }) => <span className="font-medium">{DELIVERED_WORDS[row.original.kind]}</span> },
  {
    id: "subject",
    header: "About",
    cell: ({ row }) => (
      <span title={row.original.subject} className="font-mono text-xs text-ink-2">
        {shortenMiddle(row.original.subject)}
      </span>
    ),
    meta: { className: "hidden w-44 lg:table-cell" },
  },
  {
    id: "channel",
    header: "Channel",
    cell: ({ row }) => row.original.channel_name,
    meta: { className: "hidden w-40 sm:table-cell" },
  },
  {
    id: "state",
    header: "State",
    cell: ({ row }) => <Status {...DELIVERY_LOOKS[row.original.state]} />,
    meta: { className: "w-28" },
  },
  {
    id: "answer",
    header: "Last answer",
    cell: ({ row }) => (
      <span title={row.original.answer ?? undefined} className="font-mono text-xs text-ink-2">
        {row.original.answer ?? "–"}
      </span>
    ),
    meta: { className: "hidden xl:table-cell" },
  },
  {
    id: "attempts",
    header: "Tries",
    cell: ({ row }) => row.original.attempts,
    meta: { align: "right", className: "hidden w-16 md:table-cell" },
  },
  {
    id: "next",
    header: "When",
    cell: ({ row: { original: delivery } }) =>
      delivery.state === "waiting" && delivery.next_at_ms !== null ? (
        <span title="The next try">
          <When at_ms={delivery.next_at_ms} />
        </span>
      ) : (
        <When at_ms={delivery.answered_at_ms ?? delivery.at_ms} />
      ),
    meta: { align: "right", className: "w-24 sm:w-28" },
  },
  {
    id: "retry",
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row: { original: delivery } }) =>
      delivery.state === "dead" ? (
        <Button
          size="sm"
          onClick={() => retry(delivery.id)}
          aria-label={`Try again: ${DELIVERED_WORDS[delivery.kind]} to ${delivery.channel_name}`}
        >
          Try again
        </Button>
      ) : null,
    meta: { align: "right", className: "w-28" },
  },
];
