"use client";
import type { MeDto, PeopleDto, PersonDto, SecondFactorFor } from "@otedama/shared";
import { useMutation, useQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import { Ban, CircleCheck, ShieldCheck, ShieldOff, UserPlus } from "lucide-react";
import { useMemo, useState } from "react";
import { plural } from "@/components/data/plural.ts";
import { When } from "@/components/data/when.tsx";
import { DataTable } from "@/components/table/data_table.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Select } from "@/components/ui/select.tsx";
import { Status } from "@/components/ui/status.tsx";
import { ROLE_CHOICES } from "@/lib/roles.ts";
import { useTRPC } from "@/lib/trpc.tsx";
import { InviteDialog } from "./invite_dialog.tsx";
import { OpenInvites } from "./open_invites.tsx";
import { PersonActions } from "./person_actions.tsx";

const roleWord = (role: PersonDto["role"]) => ROLE_CHOICES.find((choice) => choice.value === role)?.label ?? role;

export function PeopleScreen({ me, initial }: { readonly me: MeDto; readonly initial: PeopleDto }) {
  const trpc = useTRPC();
  const list = useQuery({ ...trpc.people.list.queryOptions(), initialData: initial });
  const { people, invites, second_factor_for } = list.data;
  const [inviting, setInviting] = useState(false);
  const columns = useMemo(() => personColumns(me, () => void list.refetch()), [me, list.refetch]);

  return (
    <Page
      kicker="Administration · People"
      sentence={sentence(people, invites.length)}
      action={
        <Button variant="primary" onClick={() => setInviting(true)}>
          <UserPlus />
          Invite somebody
        </Button>
      }
    >
      <Panel flush>
        <DataTable
          caption="People"
          columns={columns}
          total={people.length}
          rowAt={(index) => people[index]}
          onRange={ignore}
          idOf={(person) => person.id}
          empty={null}
        />
      </Panel>
      <OpenInvites invites={invites} onChanged={() => void list.refetch()} />
      <AccessRule value={second_factor_for} onChanged={() => void list.refetch()} />
      {inviting ? <InviteDialog onClose={() => setInviting(false)} onInvited={() => void list.refetch()} /> : null}
    </Page>
  );
}

const ignore = () => {};

function sentence(people: readonly PersonDto[], invites: number): string {
  const active = people.filter((person) => person.disabled_at_ms === null);
  const without = active.filter((person) => !person.second_factor).length;
  const protectedBy =
    without === 0
      ? "all with a second factor"
      : `${without === active.length ? "none" : active.length - without} with a second factor`;
  const waiting = invites === 0 ? "" : `; ${plural(invites, "invite waits", "invites wait")} to be accepted`;
  return `${plural(active.length, "person", "people")} can sign in, ${protectedBy}${waiting}.`;
}

const personColumns = (me: MeDto, onChanged: () => void): ColumnDef<PersonDto, unknown>[] => [
  {
    id: "name",
    header: "Person",
    cell: ({ row: { original: person } }) => (
      <span title={person.email}>
        <span className="font-medium text-ink">{person.name}</span>
        {person.id === me.id ? <span className="text-ink-3"> (you)</span> : null}
        <span className="ml-2 text-xs text-ink-3 max-sm:hidden">{person.email}</span>
      </span>
    ),
  },
  {
    id: "role",
    header: "Role",
    cell: ({ row }) => roleWord(row.original.role),
    meta: { className: "w-24 sm:w-28" },
  },
  {
    id: "state",
    header: "State",
    cell: ({ row: { original: person } }) =>
      person.disabled_at_ms === null ? (
        <Status tone="good" icon={CircleCheck} word="May sign in" />
      ) : (
        <Status tone="quiet" icon={Ban} word="Disabled" />
      ),
    meta: { className: "hidden w-32 md:table-cell" },
  },
  {
    id: "second_factor",
    header: "Second factor",
    cell: ({ row }) =>
      row.original.second_factor ? (
        <Status tone="good" icon={ShieldCheck} word="On" />
      ) : (
        <Status tone="warn" icon={ShieldOff} word="None" />
      ),
    meta: { className: "hidden w-32 sm:table-cell" },
  },
  {
    id: "sessions",
    header: "Devices",
    cell: ({ row }) => row.original.sessions,
    meta: { align: "right", className: "hidden w-20 lg:table-cell" },
  },
  {
    id: "keys",
    header: "API keys",
    cell: ({ row }) => row.original.api_keys,
    meta: { align: "right", className: "hidden w-24 lg:table-cell" },
  },
  {
    id: "last",
    header: "Last here",
    cell: ({ row: { original: person } }) =>
      person.last_used_at_ms === null ? <span className="text-ink-3">–</span> : <When at_ms={person.last_used_at_ms} />,
    meta: { align: "right", className: "hidden w-28 md:table-cell" },
  },
  {
    id: "actions",
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row }) => <PersonActions person={row.original} own={row.original.id === me.id} onChanged={onChanged} />,
    meta: { align: "right", className: "w-16" },
  },
];

const RULES = [
  { value: "nobody", label: "Nobody has to" },
  { value: "money", label: "Owners and accountants" },
  { value: "everybody", label: "Everybody" },
] as const satisfies readonly { value: SecondFactorFor; label: string }[];

function AccessRule({ value, onChanged }: { readonly value: SecondFactorFor; readonly onChanged: () => void }) {
  const trpc = useTRPC();
  const set = useMutation(trpc.people.setAccessRule.mutationOptions({ onSuccess: onChanged }));
  return (
    <Panel title="Who must have a second factor">
      <div className="flex max-w-2xl flex-col gap-3">
        <p className="text-sm text-ink-3">
          Who is asked for one and has none can do nothing else until it is set up. It holds from their next request on.
        </p>
        <Select
          label="Who must have a second factor"
          value={set.isPending ? set.variables.second_factor_for : value}
          choices={RULES}
          onChoose={(second_factor_for) => (second_factor_for === value ? undefined : set.mutate({ second_factor_for }))}
          className="w-64"
        />
        <Failure title="The rule was not changed" error={set.error} />
      </div>
    </Panel>
  );
}
