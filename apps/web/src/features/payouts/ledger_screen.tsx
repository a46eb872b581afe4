"use client";
import { LEDGER_CAUSES, type LedgerEntryDto, type LedgerPage, type LedgerQuery, type MeDto } from "@otedama/shared";
import { formatSats, shortenMiddle } from "@otedama/shared/units";
import type { ColumnDef } from "@tanstack/react-table";
import { Filter, NotebookText, PencilLine, SearchX } from "lucide-react";
import dynamic from "next/dynamic";
import { parseAsString, useQueryState, useQueryStates } from "nuqs";
import { useId, useMemo, useState } from "react";
import { Amount } from "@/components/data/amount.tsx";
import { CAUSE_WORDS, KIND_WORDS } from "@/components/data/ledger_words.ts";
import { plural } from "@/components/data/plural.ts";
import { When } from "@/components/data/when.tsx";
import { DataTable } from "@/components/table/data_table.tsx";
import { RowLink } from "@/components/table/row_link.tsx";
import { Toolbar } from "@/components/table/toolbar.tsx";
import { useRemoteRows } from "@/components/table/use_remote_rows.ts";
import { Button } from "@/components/ui/button.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Input } from "@/components/ui/input.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Select } from "@/components/ui/select.tsx";
import { LIST_PAGE_SIZE, WHILE_TYPING } from "@/lib/list_search.ts";
import { useTRPC, useTRPCClient } from "@/lib/trpc.tsx";
import { CorrectDialog } from "./correct_dialog.tsx";
import { CorrectionsPanel } from "./corrections_panel.tsx";
import { isFiltered, ledgerQuery, ledgerSearch } from "./ledger_search.ts";
import { mayPay } from "./may_pay.ts";

const EntryPanel = dynamic(() => import("./entry_panel.tsx"), { ssr: false });

type LedgerScreenProps = { readonly me: MeDto; readonly initial: LedgerPage; readonly initialQuery: LedgerQuery };

export function LedgerScreen({ me, initial, initialQuery }: LedgerScreenProps) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [chosen, choose] = useQueryStates(ledgerSearch, { history: "push" });
  const [correcting, setCorrecting] = useState(false);
  const [opened, open] = useQueryState("row", parseAsString.withOptions({ history: "push" }));
  const list = useRemoteRows<LedgerPage>({
    page_size: LIST_PAGE_SIZE,
    initial,
    initialKey: trpc.ledger.list.queryKey(initialQuery),
    keyOf: (page) => trpc.ledger.list.queryKey(ledgerQuery(chosen, page, LIST_PAGE_SIZE)),
    fetchPage: (page, signal) => client.ledger.list.query(ledgerQuery(chosen, page, LIST_PAGE_SIZE), { signal }),
  });
  const { answer } = list;
  const filtered = isFiltered(chosen);
  const columns = useMemo(() => entryColumns((entry) => void open(entry.entry_id)), [open]);

  return (
    <Page
      kicker="Payouts · Ledger"
      sentence={sentence(answer, filtered)}
      action={
        mayPay(me) ? (
          <Button onClick={() => setCorrecting(true)}>
            <PencilLine />
            Correct
          </Button>
        ) : undefined
      }
    >
      {answer.ledger_sum_sats === 0 ? null : (
        <Problem title={`The ledger is off by ${formatSats(answer.ledger_sum_sats)} BTC`}>
          Debits and credits must cancel out to the satoshi. Something wrote to the ledger past its rules: pay nothing out, keep
          the database as it is, and compare the newest entries with the blocks.
        </Problem>
      )}
      {list.problem === null ? null : (
        <Problem title="The newest entries could not be fetched" onRetry={list.retry}>
          What you see is older. The server did not answer or its database is away.
        </Problem>
      )}
      <CorrectionsPanel me={me} />
      <Sums page={answer} />
      <Panel flush>
        <Toolbar
          search={{
            label: "Whole address of an account",
            value: chosen.account,
            onSearch: (text) => void choose({ account: text.trim() === "" ? null : text.trim() }, WHILE_TYPING),
          }}
          count={plural(list.total, "entry", "entries")}
        >
          <Select
            label="Cause"
            icon={<Filter />}
            value={chosen.cause ?? "any"}
            choices={[
              { value: "any", label: "Any cause" },
              ...LEDGER_CAUSES.map((cause) => ({ value: cause, label: CAUSE_WORDS[cause] })),
            ]}
            onChoose={(cause) => void choose({ cause: cause === "any" ? null : cause })}
          />
          <Day label="From" value={chosen.from} onChoose={(from) => void choose({ from })} />
          <Day label="To" value={chosen.to} onChoose={(to) => void choose({ to })} />
        </Toolbar>
        <DataTable
          caption="Ledger entries, newest first"
          columns={columns}
          total={list.total}
          rowAt={list.rowAt}
          onRange={list.onRange}
          outdated={list.outdated}
          idOf={(entry) => entry.entry_id}
          selected={opened}
          onOpen={(entry) => void open(entry.entry_id)}
          empty={
            filtered ? (
              <Empty icon={SearchX} title="No entry matches">
                <p>The filters name an account, a cause or days for which nothing was written.</p>
                <Button onClick={() => void choose({ account: null, cause: null, from: null, to: null })}>
                  Clear the filters
                </Button>
              </Empty>
            ) : (
              <Empty icon={NotebookText} title="Nothing was written yet">
                <p>The first block that the pool finds makes the first entry. Entries are only ever added, never changed.</p>
              </Empty>
            )
          }
        />
      </Panel>
      {correcting ? <CorrectDialog onClose={() => setCorrecting(false)} /> : null}
      {opened === null ? null : <EntryPanel key={opened} entry_id={opened} onClose={() => void open(null)} />}
    </Page>
  );
}

type DayProps = { readonly label: string; readonly value: Date | null; readonly onChoose: (day: Date | null) => void };

function Day({ label, value, onChoose }: DayProps) {
  const id = useId();
  return (
    <span className="inline-flex items-center gap-1.5 text-xs text-ink-3">
      <label htmlFor={id}>{label}</label>
      <Input
        id={id}
        type="date"
        className="w-36!"
        value={value?.toISOString().slice(0, 10) ?? ""}
        max="9999-12-31"
        onChange={(event) => onChoose(event.target.valueAsDate)}
      />
    </span>
  );
}

function Sums({ page }: { readonly page: LedgerPage }) {
  if (page.sums.length === 0) return null;
  return (
    <dl className="grid grid-cols-1 gap-px overflow-hidden rounded-lg border border-line bg-line min-[480px]:grid-cols-2 md:grid-cols-3 xl:grid-cols-[repeat(auto-fit,minmax(13rem,1fr))]">
      {page.sums.map(({ kind, balance_sats }) => (
        <div key={kind} className="bg-panel px-4 py-2.5">
          <dt className="text-xs font-medium text-ink-2" title={KIND_WORDS[kind].meaning}>
            {KIND_WORDS[kind].word}
          </dt>
          <dd className="mt-0.5 text-base font-semibold">
            <Amount sats={balance_sats} /> <span className="text-xs font-normal text-ink-3">BTC</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function sentence(page: LedgerPage, filtered: boolean): string {
  if (page.ledger_sum_sats !== 0) return "The ledger does not balance: pay nothing out.";
  if (page.total === 0) return filtered ? "No entry matches the filters." : "The ledger is empty.";
  return filtered
    ? `${plural(page.total, "entry matches", "entries match")} the filters; the whole ledger balances to the satoshi.`
    : `${plural(page.total, "entry", "entries")}; debits and credits balance to the satoshi.`;
}

const entryColumns = (open: (entry: LedgerEntryDto) => void): ColumnDef<LedgerEntryDto, unknown>[] => [
  {
    id: "entry",
    header: "Entry",
    cell: ({ row: { original: entry } }) => (
      <RowLink href={`/ledger/${entry.entry_id}`} onOpen={() => open(entry)}>
        {entry.entry_id}
      </RowLink>
    ),
    meta: { className: "w-20 sm:w-24" },
  },
  {
    id: "cause",
    header: "Cause",
    cell: ({ row }) => CAUSE_WORDS[row.original.cause],
    meta: { className: "w-36 sm:w-44" },
  },
  {
    id: "subject",
    header: "Of",
    cell: ({ row: { original: entry } }) => (
      <span title={entry.cause_key} className="text-ink-2">
        {entry.block_height === null ? shortenMiddle(entry.cause_key, 18, 6) : `block ${entry.block_height}`}
        {entry.reason === null ? null : <span className="text-ink-3"> · {entry.reason}</span>}
      </span>
    ),
    meta: { className: "hidden md:table-cell" },
  },
  {
    id: "lines",
    header: "Lines",
    cell: ({ row }) => row.original.lines,
    meta: { align: "right", className: "hidden w-20 lg:table-cell" },
  },
  {
    id: "moved",
    header: "Moved, BTC",
    cell: ({ row }) => <Amount sats={row.original.moved_sats} />,
    meta: { align: "right", className: "sm:w-40" },
  },
  {
    id: "at",
    header: "When",
    cell: ({ row }) => <When at_ms={row.original.at_ms} />,
    meta: { align: "right", className: "hidden w-32 sm:table-cell" },
  },
];
