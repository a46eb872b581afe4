"use client";
import type { RigDto, RigsPage } from "@otedama/shared";
import { formatDuration, formatHashrate, formatPercent, groupedCount } from "@otedama/shared/units";
import type { ColumnDef } from "@tanstack/react-table";
import { Filter, SearchX, Server } from "lucide-react";
import dynamic from "next/dynamic";
import { parseAsString, useQueryState, useQueryStates } from "nuqs";
import { useMemo } from "react";
import { plural } from "@/components/data/plural.ts";
import { RIG_LOOKS, RigStateStatus } from "@/components/data/states.tsx";
import { Temperature } from "@/components/data/temperature.tsx";
import { When } from "@/components/data/when.tsx";
import { DataTable } from "@/components/table/data_table.tsx";
import type { Counts } from "@/components/table/load_counts.ts";
import { RowLink } from "@/components/table/row_link.tsx";
import { Toolbar } from "@/components/table/toolbar.tsx";
import { useCounts } from "@/components/table/use_counts.ts";
import { useRemoteRows } from "@/components/table/use_remote_rows.ts";
import { Button } from "@/components/ui/button.tsx";
import { CommandLine } from "@/components/ui/command_line.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Select } from "@/components/ui/select.tsx";
import { LIST_PAGE_SIZE, WHILE_TYPING } from "@/lib/list_search.ts";
import { rejectRate } from "@/lib/statistics.ts";
import { useTRPC, useTRPCClient } from "@/lib/trpc.tsx";
import { RIG_SORTS, RIG_STATES, rigsQuery, rigsSearch } from "./rigs_search.ts";

const RigPanel = dynamic(() => import("./rig_panel.tsx"), { ssr: false });

type RigsScreenProps = {
  readonly initial: RigsPage;
  readonly initialQuery: ReturnType<typeof rigsQuery>;
  readonly initialCounts: Counts<RigDto["state"]>;
};

export function RigsScreen({ initial, initialQuery, initialCounts }: RigsScreenProps) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [chosen, choose] = useQueryStates(rigsSearch, { history: "push" });
  const [opened, open] = useQueryState("row", parseAsString.withOptions({ history: "push" }));

  const list = useRemoteRows<RigsPage>({
    page_size: LIST_PAGE_SIZE,
    initial,
    initialKey: trpc.rigs.list.queryKey(initialQuery),
    keyOf: (page) => trpc.rigs.list.queryKey(rigsQuery(chosen, page, LIST_PAGE_SIZE)),
    fetchPage: (page, signal) => client.rigs.list.query(rigsQuery(chosen, page, LIST_PAGE_SIZE), { signal }),
  });
  const counts = useCounts({
    initial: initialCounts,
    keyOf: (state) => trpc.rigs.list.queryKey({ state, page_size: 1 }),
    fetchTotal: (state, signal) => client.rigs.list.query({ state, page_size: 1 }, { signal }),
  });
  const all = counts.mining + counts.waiting + counts.offline;
  const filtered = chosen.q !== "" || chosen.state !== null;
  const columns = useMemo(() => rigColumns((rig) => void open(rig.id)), [open]);

  return (
    <Page kicker="Fleet · Rigs" sentence={sentence(counts, all)}>
      {list.problem === null ? null : (
        <Problem title="The newest list could not be fetched" onRetry={list.retry}>
          What you see is older. The server did not answer or its database is away.
        </Problem>
      )}
      <Panel flush>
        {all === 0 && !filtered ? null : (
          <Toolbar
            search={{
              label: "Name, host or site",
              value: chosen.q,
              onSearch: (q) => void choose({ q: q === "" ? null : q }, WHILE_TYPING),
            }}
            count={filtered ? `${groupedCount(list.total)} of ${plural(all, "rig", "rigs")}` : plural(all, "rig", "rigs")}
          >
            <Select
              label="State"
              icon={<Filter />}
              value={chosen.state ?? "any"}
              choices={[
                { value: "any", label: "Any state" },
                ...RIG_STATES.map((state) => ({
                  value: state,
                  label: `${RIG_LOOKS[state].word} (${groupedCount(counts[state])})`,
                })),
              ]}
              onChoose={(state) => void choose({ state: state === "any" ? null : state })}
            />
          </Toolbar>
        )}
        <DataTable
          caption="Rigs"
          columns={columns}
          total={list.total}
          rowAt={list.rowAt}
          onRange={list.onRange}
          outdated={list.outdated}
          idOf={(rig) => rig.id}
          selected={opened}
          onOpen={(rig) => void open(rig.id)}
          sortable={RIG_SORTS}
          sorting={{ key: chosen.sort, dir: chosen.dir, onSort: (sort, dir) => void choose({ sort, dir }) }}
          empty={
            filtered ? (
              <Empty icon={SearchX} title="No rig matches">
                <p>Nothing fits this search and this filter together.</p>
                <Button onClick={() => void choose({ q: null, state: null })}>Clear search and filter</Button>
              </Empty>
            ) : (
              <Empty icon={Server} title="No rig has reported yet">
                <p>A rig is a machine that runs Otedama&apos;s agent. One is started on this machine together with the pool:</p>
                <CommandLine label="On this machine" command="npm start" />
              </Empty>
            )
          }
        />
      </Panel>
      {opened === null ? null : <RigPanel key={opened} id={opened} onClose={() => void open(null)} />}
    </Page>
  );
}

function sentence(counts: Counts<RigDto["state"]>, all: number): string {
  if (all === 0) return "No rig has reported yet.";
  if (counts.mining === all) return all === 1 ? "The one rig is mining." : `All ${groupedCount(all)} rigs are mining.`;
  const missing = [
    counts.waiting === 0 ? "" : `${groupedCount(counts.waiting)} ${counts.waiting === 1 ? "waits" : "wait"}`,
    counts.offline === 0 ? "" : `${groupedCount(counts.offline)} ${counts.offline === 1 ? "is" : "are"} offline`,
  ].filter((part) => part !== "");
  return `${groupedCount(counts.mining)} of ${plural(all, "rig is", "rigs are")} mining; ${missing.join(", ")}.`;
}

const rigColumns = (open: (rig: RigDto) => void): ColumnDef<RigDto, unknown>[] => [
  {
    id: "name",
    header: "Rig",
    cell: ({ row: { original: rig } }) => (
      <RowLink href={`/rigs/${rig.id}`} onOpen={() => open(rig)}>
        {rig.name}
      </RowLink>
    ),
  },
  {
    id: "state",
    header: "State",
    cell: ({ row: { original: rig } }) => (
      <span className="flex items-baseline gap-2 truncate">
        <RigStateStatus state={rig.state} />
        {rig.message === null ? null : (
          <span className="truncate text-xs text-ink-3 max-xl:hidden" title={rig.message}>
            {rig.message}
          </span>
        )}
      </span>
    ),
    meta: { className: "w-24 sm:w-28 xl:w-72" },
  },
  {
    id: "site",
    header: "Site",
    cell: ({ row }) => <span className="text-ink-2">{row.original.site}</span>,
    meta: { className: "hidden w-32 2xl:table-cell" },
  },
  {
    id: "devices",
    header: "Devices",
    cell: ({ row }) => groupedCount(row.original.devices.length),
    meta: { align: "right", className: "hidden w-24 lg:table-cell" },
  },
  {
    id: "hashrate",
    header: () => (
      <>
        <span className="max-sm:hidden">Hashrate, </span>15 min
      </>
    ),
    cell: ({ row: { original: rig } }) =>
      rig.hashrate_hps.m15 === 0 ? <span className="text-ink-4">0 H/s</span> : formatHashrate(rig.hashrate_hps.m15),
    meta: { align: "right", className: "w-24 sm:w-40" },
  },
  {
    id: "temperature",
    header: "Hottest",
    cell: ({ row }) => <Temperature celsius={row.original.temperature_c_max} />,
    meta: { align: "right", className: "hidden w-24 md:table-cell" },
  },
  {
    id: "refused",
    header: "Refused",
    cell: ({ row }) => {
      const rate = rejectRate(row.original.shares);
      return rate === null || rate === 0 ? <span className="text-ink-4">0</span> : formatPercent(rate);
    },
    meta: { align: "right", className: "hidden w-24 lg:table-cell" },
  },
  {
    id: "uptime",
    header: "Uptime",
    cell: ({ row: { original: rig } }) =>
      rig.uptime_s === null ? <span className="text-ink-4">–</span> : formatDuration(rig.uptime_s),
    meta: { align: "right", className: "hidden w-28 md:table-cell" },
  },
  {
    id: "version",
    header: "Agent",
    cell: ({ row }) => <span className="text-ink-2">{row.original.version}</span>,
    meta: { className: "hidden w-24 xl:table-cell" },
  },
  {
    id: "last_seen",
    header: "Reported",
    cell: ({ row: { original: rig } }) =>
      rig.last_seen_at_ms === null ? <span className="text-ink-4">never</span> : <When at_ms={rig.last_seen_at_ms} />,
    meta: { align: "right", className: "hidden w-28 sm:table-cell" },
  },
];
