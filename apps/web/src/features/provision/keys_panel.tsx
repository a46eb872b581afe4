"use client";
import type { ProvisionRigDto, ProvisionRunDto } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { plural } from "@/components/data/plural.ts";
import { Button } from "@/components/ui/button.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { TextArea } from "./text_area.tsx";
import { addressOf } from "./words.ts";

type KeysPanelProps = {
  readonly run: ProvisionRunDto;
  readonly rigs: readonly ProvisionRigDto[];
  readonly onChanged: () => void;
};

/** Keys that a person has to vouch for, one by one or together; none is chosen to begin with. */
export function KeysPanel({ run, rigs, onChanged }: KeysPanelProps) {
  const trpc = useTRPC();
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [importing, setImporting] = useState(false);
  const confirm = useMutation(
    trpc.provision.confirmKeys.mutationOptions({
      onSuccess: () => {
        setChosen(new Set());
        onChanged();
      },
    }),
  );
  const marked = rigs.filter((rig) => chosen.has(rig.index));
  const toggle = (index: number) => {
    const next = new Set(chosen);
    if (!next.delete(index)) next.add(index);
    setChosen(next);
  };
  return (
    <Panel
      title="Are these your rigs?"
      note="Compare with ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub on the rig's own console."
      flush
    >
      <ul
        className="quiet-scroll max-h-80 divide-y divide-line overflow-y-auto border-t border-line"
        aria-label="Host keys to confirm"
      >
        {rigs.map((rig) => (
          <li key={rig.index}>
            <label className="flex flex-wrap items-center gap-x-3 gap-y-0.5 px-4 py-2 text-sm hover:bg-hover">
              <input
                type="checkbox"
                className="size-4 shrink-0 accent-(--accent)"
                checked={chosen.has(rig.index)}
                onChange={() => toggle(rig.index)}
              />
              <span className="font-medium">{addressOf(rig)}</span>
              <span className="text-xs text-ink-3">{rig.host_key?.type}</span>
              <span className="min-w-0 break-all font-mono text-xs">{rig.host_key?.fingerprint}</span>
            </label>
          </li>
        ))}
      </ul>
      <div className="flex flex-col gap-3 border-t border-line p-4">
        <Failure title="No key was confirmed" error={confirm.error} />
        <div className="flex flex-wrap items-center gap-2">
          <Button
            variant="primary"
            disabled={marked.length === 0 || confirm.isPending}
            aria-busy={confirm.isPending}
            onClick={() =>
              confirm.mutate({
                id: run.id,
                keys: marked.map((rig) => ({ rig: rig.index, fingerprint: rig.host_key?.fingerprint ?? "" })),
              })
            }
          >
            Confirm {plural(marked.length, "key", "keys")}
          </Button>
          <Button onClick={() => setChosen(new Set(marked.length === rigs.length ? [] : rigs.map((rig) => rig.index)))}>
            {marked.length === rigs.length ? "Mark none" : "Mark all"}
          </Button>
          <Button onClick={() => setImporting(true)}>Import known_hosts</Button>
        </div>
        <p className="text-xs text-ink-3">A confirmed key is pinned: a rig that shows another one later is refused.</p>
      </div>
      {importing ? <ImportDialog run={run} onClose={() => setImporting(false)} onChanged={onChanged} /> : null}
    </Panel>
  );
}

function ImportDialog({
  run,
  onClose,
  onChanged,
}: {
  readonly run: ProvisionRunDto;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}) {
  const trpc = useTRPC();
  const read = useMutation(trpc.provision.importKnownHosts.mutationOptions({ onSuccess: onChanged }));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    read.mutate({ id: run.id, text: String(new FormData(event.currentTarget).get("known_hosts")) });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title="Import known_hosts"
      description="Lines about rigs of this run count; hashed names too."
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        <TextArea
          label="known_hosts"
          name="known_hosts"
          rows={8}
          maxLength={1_048_576}
          hint="Usually ~/.ssh/known_hosts of the machine you administer them from."
          required
        />
        <Failure title="Nothing was imported" error={read.error} />
        {read.data === undefined ? null : (
          <div role="status" className="text-sm text-ink-2">
            <p>
              {plural(read.data.trusted, "rig is", "rigs are")} known by it; {plural(read.data.changed, "rig shows", "rigs show")}{" "}
              another key than it has.
            </p>
            {read.data.problems.map((problem) => (
              <p key={problem} className="text-xs text-ink-3">
                {problem}
              </p>
            ))}
          </div>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" variant="primary" disabled={read.isPending} aria-busy={read.isPending}>
            Import
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
