"use client";
import type { WorkerDto, WorkersPage } from "@otedama/shared";
import { formatHashrate, formatPercent, groupedCount, shortCount, shortenMiddle } from "@otedama/shared/units";
import type { ColumnDef } from "@tanstack/react-table";
import { Filter, SearchX, Users, X } from "lucide-react";
import dynamic from "next/dynamic";
import { parseAsInteger, useQueryState, useQueryStates } from "nuqs";
import { useMemo } from "react";
import { MinerInstructions } from "@/components/data/miner_instructions.tsx";
import { plural } from "@/components/data/plural.ts";
import { WORKER_LOOKS, WorkerStateStatus } from "@/components/data/states.tsx";
import { When } from "@/components/data/when.tsx";
import { DataTable } from "@/components/table/data_table.tsx";
import type { Counts } from "@/components/table/load_counts.ts";
import { RowLink } from "@/components/table/row_link.tsx";
import { Toolbar } from "@/components/table/toolbar.tsx";
import { useCounts } from "@/components/table/use_counts.ts";
import { useRemoteRows } from "@/components/table/use_remote_rows.ts";
import { Button } from "@/components/ui/button.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Select } from "@/components/ui/select.tsx";
import { LIST_PAGE_SIZE, WHILE_TYPING } from "@/lib/list_search.ts";
import { rejectedShares, rejectRate } from "@/lib/statistics.ts";
import { useTRPC, useTRPCClient } from "@/lib/trpc.tsx";
import { WORKER_SORTS, WORKER_STATES, workersQuery, workersSearch } from "./workers_search.ts";

const WorkerPanel = dynamic(() => import("./worker_panel.tsx"), { ssr: false });

type WorkersScreenProps = {
  readonly initial: WorkersPage;
  readonly initialQuery: ReturnType<typeof workersQuery>;
  readonly initialCounts: Counts<WorkerDto["state"]>;
};

export function WorkersScreen({ initial, initialQuery, initialCounts }: WorkersScreenProps) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [chosen, choose] = useQueryStates(workersSearch, { history: "push" });
  const [opened, open] = useQueryState("row", parseAsInteger.withOptions({ history: "push" }));

  const list = useRemoteRows<WorkersPage>({
    page_size: LIST_PAGE_SIZE,
    initial,
    initialKey: trpc.workers.list.queryKey(initialQuery),
    keyOf: (page) => trpc.workers.list.queryKey(workersQuery(chosen, page, LIST_PAGE_SIZE)),
    fetchPage: (page, signal) => client.workers.list.query(workersQuery(chosen, page, LIST_PAGE_SIZE), { signal }),
  });
  const counts = useCounts({
    initial: initialCounts,
    keyOf: (state) => trpc.workers.list.queryKey({ state, page_size: 1 }),
    fetchTotal: (state, signal) => client.workers.list.query({ state, page_size: 1 }, { signal }),
  });
  const all = counts.mining + counts.idle + counts.offline;
  const filtered = chosen.q !== "" || chosen.state !== null || chosen.account !== null;
  const columns = useMemo(() => workerColumns((worker) => void open(worker.id)), [open]);
  const clear = () => void choose({ q: null, state: null, account: null });

  return (
    <Page kicker="Pool · Workers" sentence={sentence(counts)}>
      {list.problem === null ? null : (
        <Problem title="The newest list could not be fetched" onRetry={list.retry}>
          What you see is older. The server did not answer or its database is away.
        </Problem>
      )}
      <Panel flush>
        {all === 0 && !filtered ? null : (
          <Toolbar
            search={{
              label: "Name, address or software",
              value: chosen.q,
              onSearch: (q) => void choose({ q: q === "" ? null : q }, WHILE_TYPING),
            }}
            count={
              filtered ? `${groupedCount(list.total)} of ${plural(all, "worker", "workers")}` : plural(all, "worker", "workers")
            }
          >
            <Select
              label="State"
              icon={<Filter />}
              value={chosen.state ?? "any"}
              choices={[
                { value: "any", label: "Any state" },
                ...WORKER_STATES.map((state) => ({
                  value: state,
                  label: `${WORKER_LOOKS[state].word} (${groupedCount(counts[state])})`,
                })),
              ]}
              onChoose={(state) => void choose({ state: state === "any" ? null : state })}
            />
            {chosen.account === null ? null : (
              <Button onClick={() => void choose({ account: null })}>
                One account
                <X />
              </Button>
            )}
          </Toolbar>
        )}
        <DataTable
          caption="Workers"
          columns={columns}
          total={list.total}
          rowAt={list.rowAt}
          onRange={list.onRange}
          outdated={list.outdated}
          idOf={(worker) => String(worker.id)}
          selected={opened === null ? null : String(opened)}
          onOpen={(worker) => void open(worker.id)}
          sortable={WORKER_SORTS}
          sorting={{ key: chosen.sort, dir: chosen.dir, onSort: (sort, dir) => void choose({ sort, dir }) }}
          empty={
            filtered ? (
              <Empty icon={SearchX} title="No worker matches">
                <p>Nothing fits this search and these filters together.</p>
                <Button onClick={clear}>Clear search and filters</Button>
              </Empty>
            ) : (
              <Empty icon={Users} title="No worker has mined here yet">
                <p>A worker is a machine that logs in to the pool. Point one here and it appears with its first share.</p>
                <MinerInstructions />
              </Empty>
            )
          }
        />
      </Panel>
      {opened === null ? null : <WorkerPanel key={opened} id={opened} onClose={() => void open(null)} />}
    </Page>
  );
}

function sentence(counts: Counts<WorkerDto["state"]>): string {
  const all = counts.mining + counts.idle + counts.offline;
  if (all === 0) return "No worker has mined here yet.";
  if (counts.mining === all) return all === 1 ? "The one worker is mining." : `All ${groupedCount(all)} workers are mining.`;
  const missing = [
    counts.idle === 0 ? "" : `${groupedCount(counts.idle)} ${counts.idle === 1 ? "is" : "are"} connected without shares`,
    counts.offline === 0 ? "" : `${groupedCount(counts.offline)} ${counts.offline === 1 ? "is" : "are"} offline`,
  ].filter((part) => part !== "");
  return `${groupedCount(counts.mining)} of ${plural(all, "worker is", "workers are")} mining; ${missing.join(", ")}.`;
}

const workerColumns = (open: (worker: WorkerDto) => void): ColumnDef<WorkerDto, unknown>[] => [
  {
    id: "name",
    header: "Worker",
    cell: ({ row: { original: worker } }) => (
      <RowLink href={`/workers/${worker.id}`} onOpen={() => open(worker)}>
        {worker.name}
      </RowLink>
    ),
  },
  {
    id: "state",
    header: "State",
    cell: ({ row }) => <WorkerStateStatus state={row.original.state} />,
    meta: { className: "w-24 sm:w-28" },
  },
  {
    id: "account",
    header: "Account",
    cell: ({ row }) => (
      <span title={row.original.account_address} className="font-mono text-xs text-ink-2">
        {shortenMiddle(row.original.account_address)}
      </span>
    ),
    meta: { className: "hidden w-44 lg:table-cell" },
  },
  {
    id: "hashrate",
    header: () => (
      <>
        <span className="max-sm:hidden">Hashrate, </span>15 min
      </>
    ),
    cell: ({ row }) => <Rate hps={row.original.hashrate_hps.m15} />,
    meta: { align: "right", className: "w-24 sm:w-40" },
  },
  {
    id: "d1",
    header: "1 day",
    cell: ({ row }) => <Rate hps={row.original.hashrate_hps.d1} />,
    meta: { align: "right", className: "hidden w-28 xl:table-cell" },
  },
  {
    id: "accepted",
    header: "Accepted",
    cell: ({ row }) => shortCount(row.original.shares.accepted),
    meta: { align: "right", className: "hidden w-28 md:table-cell" },
  },
  {
    id: "rejected",
    header: "Refused",
    cell: ({ row: { original: worker } }) => {
      const rate = rejectRate(worker.shares);
      return rate === null || rate === 0 ? (
        <span className="text-ink-4">0</span>
      ) : (
        <span className={rate > 0.02 ? "text-bad" : undefined} title={`${groupedCount(rejectedShares(worker.shares))} shares`}>
          {formatPercent(rate)}
        </span>
      );
    },
    meta: { align: "right", className: "hidden w-24 md:table-cell" },
  },
  {
    id: "software",
    header: "Software",
    cell: ({ row }) => <span className="text-ink-2">{row.original.user_agent === "" ? "–" : row.original.user_agent}</span>,
    meta: { className: "hidden w-44 2xl:table-cell" },
  },
  {
    id: "last_share",
    header: "Last share",
    cell: ({ row: { original: worker } }) =>
      worker.last_share_at_ms === null ? <span className="text-ink-4">never</span> : <When at_ms={worker.last_share_at_ms} />,
    meta: { align: "right", className: "hidden w-28 sm:table-cell" },
  },
];

const Rate = ({ hps }: { readonly hps: number }) =>
  hps === 0 ? <span className="text-ink-4">0 H/s</span> : <span>{formatHashrate(hps)}</span>;
