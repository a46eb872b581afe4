"use client";
import type { AuditChoices, AuditLineDto, AuditPage } from "@otedama/shared";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import { Clock, Download, ListFilter, SearchX, User } from "lucide-react";
import { useQueryStates } from "nuqs";
import { useMemo, useState } from "react";
import { plural } from "@/components/data/plural.ts";
import { When } from "@/components/data/when.tsx";
import { DataTable } from "@/components/table/data_table.tsx";
import { Toolbar } from "@/components/table/toolbar.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Input } from "@/components/ui/input.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Select } from "@/components/ui/select.tsx";
import { WHILE_TYPING } from "@/lib/list_search.ts";
import { useTRPC, useTRPCClient } from "@/lib/trpc.tsx";
import { AuditLine } from "./audit_line.tsx";
import { auditQuery, auditSearch } from "./audit_search.ts";
import { actionWords, changeOf } from "./words.ts";

const TIMES = [
  { value: "all", label: "All time" },
  { value: "24h", label: "Last 24 hours" },
  { value: "7d", label: "Last 7 days" },
  { value: "30d", label: "Last 30 days" },
  { value: "days", label: "From … to …" },
] as const;

type AuditScreenProps = {
  readonly initial: AuditPage;
  readonly initialQuery: ReturnType<typeof auditQuery>;
  readonly choices: AuditChoices;
};

export function AuditScreen({ initial, initialQuery, choices }: AuditScreenProps) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [chosen, choose] = useQueryStates(auditSearch, { history: "push" });
  const [opened, open] = useState<AuditLineDto | null>(null);
  const query = auditQuery(chosen);
  const isInitial = JSON.stringify(query) === JSON.stringify(initialQuery);
  const list = useInfiniteQuery({
    queryKey: [...trpc.audit.list.queryKey(query), "pages"],
    queryFn: ({ pageParam, signal }) => client.audit.list.query({ ...query, before_id: pageParam }, { signal }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_before_id,
    placeholderData: (before) => before,
    ...(isInitial ? { initialData: { pages: [initial], pageParams: [null] } } : {}),
  });
  const rows = list.data?.pages.flatMap((page) => page.rows) ?? [];
  const filtered = chosen.q !== "" || chosen.actor !== null || chosen.action !== null || chosen.since !== null;
  const columns = useMemo(() => auditColumns(open), []);
  const params = exportParams(query);

  return (
    <Page
      kicker="Administration · Audit"
      sentence={sentence(rows, list.hasNextPage, filtered)}
      action={(["csv", "json"] as const).map((format) => (
        <Button key={format} asChild>
          <a href={`/api/audit.${format}?${params}`} download>
            <Download />
            Export {format.toUpperCase()}
          </a>
        </Button>
      ))}
    >
      {list.isError ? (
        <Problem title="The newest lines could not be fetched" onRetry={() => void list.refetch()}>
          What you see is older. The server did not answer or its database is away.
        </Problem>
      ) : null}
      <Panel flush>
        <Toolbar
          search={{
            label: "Subject",
            value: chosen.q,
            onSearch: (q) => void choose({ q: q === "" ? null : q }, WHILE_TYPING),
          }}
          count={`${plural(rows.length, "line", "lines")}${list.hasNextPage ? " and more" : ""}`}
        >
          <Select
            label="Person"
            icon={<User />}
            value={chosen.actor ?? ""}
            choices={[{ value: "", label: "Anybody" }, ...choices.actors.map((one) => ({ value: one.id, label: one.name }))]}
            onChoose={(actor) => void choose({ actor: actor === "" ? null : actor })}
            className="max-w-56"
          />
          <Select
            label="Action"
            icon={<ListFilter />}
            value={chosen.action ?? ""}
            choices={[
              { value: "", label: "Any action" },
              ...choices.actions.map((action) => ({ value: action, label: actionWords(action) })),
            ]}
            onChoose={(action) => void choose({ action: action === "" ? null : action })}
            className="max-w-56"
          />
          <Select
            label="Time"
            icon={<Clock />}
            value={chosen.since ?? "all"}
            choices={TIMES}
            onChoose={(since) => void choose({ since: since === "all" ? null : since, from: null, to: null })}
          />
          {chosen.since !== "days" ? null : (
            <span className="flex items-center gap-1.5 text-xs text-ink-3">
              <Input
                type="date"
                aria-label="First day (UTC)"
                className="w-36!"
                value={chosen.from ?? ""}
                onChange={(event) => void choose({ from: event.target.value || null })}
              />
              to
              <Input
                type="date"
                aria-label="Last day (UTC)"
                className="w-36!"
                value={chosen.to ?? ""}
                onChange={(event) => void choose({ to: event.target.value || null })}
              />
              UTC
            </span>
          )}
        </Toolbar>
        <DataTable
          caption="What was done by whom"
          columns={columns}
          total={rows.length}
          rowAt={(index) => rows[index]}
          onRange={ignore}
          outdated={list.isPlaceholderData}
          idOf={(line) => String(line.id)}
          onOpen={open}
          empty={
            <Empty icon={SearchX} title="No line matches">
              <p>Nothing was done that fits these filters together.</p>
              <Button onClick={() => void choose({ q: null, actor: null, action: null, since: null, from: null, to: null })}>
                Clear search and filters
              </Button>
            </Empty>
          }
        />
        {list.hasNextPage ? (
          <div className="flex justify-center border-t border-line p-3">
            <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              {list.isFetchingNextPage ? "Fetching…" : "Show older lines"}
            </Button>
          </div>
        ) : null}
      </Panel>
      {opened === null ? null : <AuditLine line={opened} onClose={() => open(null)} />}
    </Page>
  );
}

const ignore = () => {};

function exportParams(query: ReturnType<typeof auditQuery>): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null && value !== "") params.set(name, String(value));
  return params;
}

function sentence(rows: readonly AuditLineDto[], more: boolean, filtered: boolean): string {
  if (rows.length === 0) return "No line of the audit log matches.";
  const people = new Set(rows.map((row) => row.actor_name ?? row.actor)).size;
  const what = filtered ? "of the lines that match" : "lines";
  return more
    ? `The newest ${rows.length} ${what}, by ${plural(people, "person or part", "people and parts")}.`
    : `${plural(rows.length, "line", "lines")} by ${plural(people, "person or part", "people and parts")}: that is all${filtered ? " that matches" : ""}.`;
}

const auditColumns = (open: (line: AuditLineDto) => void): ColumnDef<AuditLineDto, unknown>[] => [
  {
    id: "action",
    header: "Action",
    cell: ({ row: { original: line } }) => (
      <button
        type="button"
        onClick={() => open(line)}
        className="focus-inset block max-w-full truncate rounded-sm text-left font-medium text-ink hover:text-accent"
      >
        {actionWords(line.action)}
      </button>
    ),
    meta: { className: "sm:w-60" },
  },
  {
    id: "actor",
    header: "By",
    cell: ({ row: { original: line } }) => <span title={line.actor_email ?? line.actor}>{line.actor_name ?? line.actor}</span>,
    meta: { className: "w-28 sm:w-44" },
  },
  {
    id: "change",
    header: "What changed",
    cell: ({ row }) => <span className="text-ink-2">{changeOf(row.original.details)}</span>,
    meta: { className: "hidden md:table-cell" },
  },
  {
    id: "subject",
    header: "Subject",
    cell: ({ row }) => (
      <span title={row.original.subject} className="font-mono text-xs text-ink-2">
        {row.original.subject}
      </span>
    ),
    meta: { className: "hidden w-56 xl:table-cell" },
  },
  {
    id: "at",
    header: "When",
    cell: ({ row }) => <When at_ms={row.original.at_ms} />,
    meta: { align: "right", className: "w-24 sm:w-28" },
  },
];
