"use client";
import type { BlockDto, BlockState, BlocksPage } from "@otedama/shared";
import { groupedCount, shortenHash } from "@otedama/shared/units";
import type { ColumnDef } from "@tanstack/react-table";
import { Blocks, Filter, SearchX } from "lucide-react";
import dynamic from "next/dynamic";
import { parseAsString, useQueryState, useQueryStates } from "nuqs";
import { useMemo } from "react";
import { Amount } from "@/components/data/amount.tsx";
import { EffortText } from "@/components/data/effort.tsx";
import { plural } from "@/components/data/plural.ts";
import { BLOCK_LOOKS, BlockStateStatus } from "@/components/data/states.tsx";
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
import { LIST_PAGE_SIZE } from "@/lib/list_search.ts";
import { useTRPC, useTRPCClient } from "@/lib/trpc.tsx";
import { BLOCK_SORTS, BLOCK_STATES, blocksQuery, blocksSearch } from "./blocks_search.ts";

const BlockPanel = dynamic(() => import("./block_panel.tsx"), { ssr: false });

type BlocksScreenProps = {
  readonly initial: BlocksPage;
  readonly initialQuery: ReturnType<typeof blocksQuery>;
  readonly initialCounts: Counts<BlockState>;
};

export function BlocksScreen({ initial, initialQuery, initialCounts }: BlocksScreenProps) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [chosen, choose] = useQueryStates(blocksSearch, { history: "push" });
  const [opened, open] = useQueryState("row", parseAsString.withOptions({ history: "push" }));

  const list = useRemoteRows<BlocksPage>({
    page_size: LIST_PAGE_SIZE,
    initial,
    initialKey: trpc.blocks.list.queryKey(initialQuery),
    keyOf: (page) => trpc.blocks.list.queryKey(blocksQuery(chosen, page, LIST_PAGE_SIZE)),
    fetchPage: (page, signal) => client.blocks.list.query(blocksQuery(chosen, page, LIST_PAGE_SIZE), { signal }),
  });
  const counts = useCounts({
    initial: initialCounts,
    keyOf: (state) => trpc.blocks.list.queryKey({ state, page_size: 1 }),
    fetchTotal: (state, signal) => client.blocks.list.query({ state, page_size: 1 }, { signal }),
  });
  const all = BLOCK_STATES.reduce((sum, state) => sum + counts[state], 0);
  const columns = useMemo(() => blockColumns((block) => void open(block.hash)), [open]);

  return (
    <Page kicker="Pool · Blocks" sentence={sentence(counts, all)}>
      {list.problem === null ? null : (
        <Problem title="The newest list could not be fetched" onRetry={list.retry}>
          What you see is older. The server did not answer or its database is away.
        </Problem>
      )}
      <Panel flush>
        {all === 0 ? null : (
          <Toolbar
            count={
              chosen.state === null
                ? plural(all, "block", "blocks")
                : `${groupedCount(list.total)} of ${plural(all, "block", "blocks")}`
            }
          >
            <Select
              label="State"
              icon={<Filter />}
              value={chosen.state ?? "any"}
              choices={[
                { value: "any", label: "Any state" },
                ...BLOCK_STATES.map((state) => ({
                  value: state,
                  label: `${BLOCK_LOOKS[state].word} (${groupedCount(counts[state])})`,
                })),
              ]}
              onChoose={(state) => void choose({ state: state === "any" ? null : state })}
            />
          </Toolbar>
        )}
        <DataTable
          caption="Blocks, newest first"
          columns={columns}
          total={list.total}
          rowAt={list.rowAt}
          onRange={list.onRange}
          outdated={list.outdated}
          idOf={(block) => block.hash}
          selected={opened}
          onOpen={(block) => void open(block.hash)}
          sortable={BLOCK_SORTS}
          sorting={{ key: chosen.sort, dir: chosen.dir, onSort: (sort, dir) => void choose({ sort, dir }) }}
          empty={
            chosen.state === null ? (
              <Empty icon={Blocks} title="No block was found yet">
                <p>
                  A block is found when a share also meets the network&apos;s difficulty. The Overview says how long that takes at
                  the present hashrate; nothing needs to be done for it.
                </p>
              </Empty>
            ) : (
              <Empty icon={SearchX} title={`No block is ${BLOCK_LOOKS[chosen.state].word.toLowerCase()}`}>
                <Button onClick={() => void choose({ state: null })}>Show all blocks</Button>
              </Empty>
            )
          }
        />
      </Panel>
      {opened === null ? null : <BlockPanel key={opened} hash={opened} onClose={() => void open(null)} />}
    </Page>
  );
}

const TOLD_FIRST: readonly BlockState[] = ["confirmed", "pending", "found", "orphaned", "rejected"];

function sentence(counts: Counts<BlockState>, all: number): string {
  if (all === 0) return "No block was found yet.";
  const parts = TOLD_FIRST.filter((state) => counts[state] > 0).map(
    (state) => `${groupedCount(counts[state])} ${BLOCK_LOOKS[state].word.toLowerCase()}`,
  );
  return `${plural(all, "block", "blocks")} found: ${parts.join(", ")}.`;
}

const blockColumns = (open: (block: BlockDto) => void): ColumnDef<BlockDto, unknown>[] => [
  {
    id: "height",
    header: "Height",
    cell: ({ row: { original: block } }) => (
      <RowLink href={`/blocks/${block.hash}`} onOpen={() => open(block)}>
        {block.height}
      </RowLink>
    ),
    meta: { className: "w-20 sm:w-24" },
  },
  {
    id: "state",
    header: "State",
    cell: ({ row }) => <BlockStateStatus state={row.original.state} />,
    meta: { className: "w-28 sm:w-32" },
  },
  {
    id: "hash",
    header: "Hash",
    cell: ({ row }) => (
      <span title={row.original.hash} className="font-mono text-xs text-ink-2">
        {shortenHash(row.original.hash, 14)}
      </span>
    ),
    meta: { className: "hidden w-44 lg:table-cell" },
  },
  {
    id: "worker",
    header: "Worker",
    cell: ({ row }) => <span className="text-ink-2">{row.original.worker_name}</span>,
    meta: { className: "hidden md:table-cell" },
  },
  {
    id: "confirmations",
    header: "Confirmations",
    cell: ({ row: { original: block } }) =>
      block.state === "pending" ? (
        `${groupedCount(block.confirmations)} of ${groupedCount(block.maturity_confirmations)}`
      ) : (
        <span className="text-ink-3">{groupedCount(block.confirmations)}</span>
      ),
    meta: { align: "right", className: "hidden w-32 xl:table-cell" },
  },
  {
    id: "effort",
    header: "Effort",
    cell: ({ row }) => <EffortText effort={row.original.effort} />,
    meta: { align: "right", className: "hidden w-24 sm:table-cell" },
  },
  {
    id: "reward",
    header: "Reward, BTC",
    cell: ({ row: { original: block } }) => (
      <Amount
        sats={block.reward_sats}
        className={block.state === "orphaned" || block.state === "rejected" ? "text-ink-3 line-through" : ""}
      />
    ),
    meta: { align: "right", className: "sm:w-36" },
  },
  {
    id: "found",
    header: "Found",
    cell: ({ row }) => <When at_ms={row.original.found_at_ms} />,
    meta: { align: "right", className: "hidden w-28 sm:table-cell" },
  },
];
