"use client";
import type { BalanceDto, BalancesDto } from "@otedama/shared";
import { formatSats, groupedCount, shortenMiddle } from "@otedama/shared/units";
import type { ColumnDef } from "@tanstack/react-table";
import { SearchX, Wallet } from "lucide-react";
import dynamic from "next/dynamic";
import { parseAsInteger, useQueryState, useQueryStates } from "nuqs";
import { useMemo } from "react";
import { Amount } from "@/components/data/amount.tsx";
import { MinerInstructions } from "@/components/data/miner_instructions.tsx";
import { plural } from "@/components/data/plural.ts";
import { When } from "@/components/data/when.tsx";
import { DataTable } from "@/components/table/data_table.tsx";
import { RowLink } from "@/components/table/row_link.tsx";
import { Toolbar } from "@/components/table/toolbar.tsx";
import { useRemoteRows } from "@/components/table/use_remote_rows.ts";
import { Button } from "@/components/ui/button.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { LIST_PAGE_SIZE, WHILE_TYPING } from "@/lib/list_search.ts";
import { useTRPC, useTRPCClient } from "@/lib/trpc.tsx";
import { BALANCE_SORTS, balancesQuery, balancesSearch } from "./balances_search.ts";

const AccountPanel = dynamic(() => import("./account_panel.tsx"), { ssr: false });

type BalancesScreenProps = { readonly initial: BalancesDto; readonly initialQuery: ReturnType<typeof balancesQuery> };

export function BalancesScreen({ initial, initialQuery }: BalancesScreenProps) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [chosen, choose] = useQueryStates(balancesSearch, { history: "push" });
  const [opened, open] = useQueryState("row", parseAsInteger.withOptions({ history: "push" }));
  const list = useRemoteRows<BalancesDto>({
    page_size: LIST_PAGE_SIZE,
    initial,
    initialKey: trpc.balances.list.queryKey(initialQuery),
    keyOf: (page) => trpc.balances.list.queryKey(balancesQuery(chosen, page, LIST_PAGE_SIZE)),
    fetchPage: (page, signal) => client.balances.list.query(balancesQuery(chosen, page, LIST_PAGE_SIZE), { signal }),
  });
  const { answer } = list;
  const filtered = chosen.q !== "";
  const columns = useMemo(() => balanceColumns((balance) => void open(balance.account_id)), [open]);

  return (
    <Page kicker="Payouts · Balances" sentence={sentence(answer, filtered)}>
      {answer.ledger_sum_sats === 0 ? null : (
        <Problem title={`The ledger is off by ${formatSats(answer.ledger_sum_sats)} BTC`}>
          Debits and credits must cancel out to the satoshi. Something wrote to the ledger past its rules: pay nothing out, keep
          the database as it is, and compare the newest entries with the blocks.
        </Problem>
      )}
      {list.problem === null ? null : (
        <Problem title="The newest balances could not be fetched" onRetry={list.retry}>
          What you see is older. The server did not answer or its database is away.
        </Problem>
      )}
      <dl className="grid grid-cols-1 gap-px overflow-hidden rounded-lg border border-line bg-line sm:grid-cols-3">
        <Sum name="Pool's fee, pending" note="from blocks that are not yet confirmed" sats={answer.pool_fee_pending_sats} />
        <Sum name="Pool's fee, available" note="from confirmed blocks" sats={answer.pool_fee_available_sats} />
        <Sum name="Sum of the ledger" note="0 means that every entry balances" sats={answer.ledger_sum_sats} />
      </dl>
      <Panel flush>
        {answer.total === 0 && !filtered ? null : (
          <Toolbar
            search={{ label: "Address", value: chosen.q, onSearch: (q) => void choose({ q: q === "" ? null : q }, WHILE_TYPING) }}
            count={plural(list.total, "account", "accounts")}
          />
        )}
        <DataTable
          caption="Balances by account, in BTC"
          columns={columns}
          total={list.total}
          rowAt={list.rowAt}
          onRange={list.onRange}
          outdated={list.outdated}
          idOf={(balance) => String(balance.account_id)}
          selected={opened === null ? null : String(opened)}
          onOpen={(balance) => void open(balance.account_id)}
          sortable={BALANCE_SORTS}
          sorting={{ key: chosen.sort, dir: chosen.dir, onSort: (sort, dir) => void choose({ sort, dir }) }}
          empty={
            filtered ? (
              <Empty icon={SearchX} title="No account matches">
                <p>No address contains “{chosen.q}”.</p>
                <Button onClick={() => void choose({ q: null })}>Clear the search</Button>
              </Empty>
            ) : (
              <Empty icon={Wallet} title="Nobody has an account yet">
                <p>
                  An account comes into being with the first login of its address; it is credited when the pool finds a block.
                </p>
                <MinerInstructions />
              </Empty>
            )
          }
        />
      </Panel>
      {opened === null ? null : <AccountPanel key={opened} id={opened} onClose={() => void open(null)} />}
    </Page>
  );
}

function Sum({ name, note, sats }: { readonly name: string; readonly note: string; readonly sats: number }) {
  return (
    <div className="bg-panel px-4 py-3">
      <dt className="flex flex-wrap items-baseline gap-x-2 text-xs">
        <span className="font-medium text-ink-2">{name}</span>
        <span className="text-2xs text-ink-3">{note}</span>
      </dt>
      <dd className="mt-0.5 text-lg font-semibold">
        <Amount sats={sats} /> <span className="text-sm font-normal text-ink-3">BTC</span>
      </dd>
    </div>
  );
}

/** Sums are told only where every account is on the screen: a part of the whole would mislead. */
function sentence(answer: BalancesDto, filtered: boolean): string {
  if (answer.ledger_sum_sats !== 0) return "The ledger does not balance: pay nothing out.";
  if (answer.total === 0) return filtered ? "No account matches the search." : "Nobody is owed anything yet.";
  if (filtered || answer.rows.length < answer.total)
    return `${plural(answer.total, "account", "accounts")}; the ledger balances to the satoshi.`;
  const sum = (key: "available_sats" | "pending_sats") => answer.rows.reduce((total, row) => total + row[key], 0);
  const [available_sats, pending_sats] = [sum("available_sats"), sum("pending_sats")];
  const waiting = pending_sats === 0 ? "" : `${formatSats(pending_sats)} BTC wait for confirmations`;
  if (available_sats === 0) return waiting === "" ? "Nobody is owed anything yet." : `Nothing is owed yet; ${waiting}.`;
  const owed = `${formatSats(available_sats)} BTC are owed to ${plural(answer.total, "account", "accounts")}`;
  return waiting === "" ? `${owed}.` : `${owed}, ${waiting}.`;
}

const balanceColumns = (open: (balance: BalanceDto) => void): ColumnDef<BalanceDto, unknown>[] => [
  {
    id: "address",
    header: "Account",
    cell: ({ row: { original: balance } }) => (
      <span title={balance.address} className="font-mono text-xs">
        <RowLink href={`/balances/${balance.account_id}`} onOpen={() => open(balance)}>
          <span className="sm:hidden">{shortenMiddle(balance.address, 6, 4)}</span>
          <span className="max-sm:hidden lg:hidden">{shortenMiddle(balance.address)}</span>
          <span className="max-lg:hidden">{shortenMiddle(balance.address, 22, 16)}</span>
        </RowLink>
      </span>
    ),
  },
  {
    id: "available",
    header: "Available, BTC",
    cell: ({ row }) => <Amount sats={row.original.available_sats} />,
    meta: { align: "right", className: "w-36 sm:w-40" },
  },
  {
    id: "pending",
    header: "Pending, BTC",
    cell: ({ row }) => <Amount sats={row.original.pending_sats} />,
    meta: { align: "right", className: "hidden w-40 sm:table-cell" },
  },
  {
    id: "paid",
    header: "Paid, BTC",
    cell: ({ row }) => <Amount sats={row.original.paid_sats} />,
    meta: { align: "right", className: "hidden w-40 md:table-cell" },
  },
  {
    id: "workers",
    header: "Workers",
    cell: ({ row }) => groupedCount(row.original.workers),
    meta: { align: "right", className: "hidden w-24 lg:table-cell" },
  },
  {
    id: "credited",
    header: "Last credit",
    cell: ({ row: { original: balance } }) =>
      balance.last_credit_at_ms === null ? <span className="text-ink-4">none</span> : <When at_ms={balance.last_credit_at_ms} />,
    meta: { align: "right", className: "hidden w-32 lg:table-cell" },
  },
];
