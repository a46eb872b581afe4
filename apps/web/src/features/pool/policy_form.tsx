"use client";
import { type PolicyVersionDto, PoolPolicy, policyChanges } from "@otedama/shared";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { useState } from "react";
import { plural } from "@/components/data/plural.ts";
import { Button } from "@/components/ui/button.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { useToast } from "@/components/ui/toast.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { ChangesTable } from "./policy_changes.tsx";
import { type FormValues, fieldName, fromForm, POLICY_GROUPS, toForm } from "./policy_fields.ts";
import { PolicyInput } from "./policy_input.tsx";

type PolicyFormProps = { readonly current: PolicyVersionDto; readonly may: boolean };

/** Every setting in one form; nothing is changed until what differs was looked at and given a reason. */
export function PolicyForm({ current, may }: PolicyFormProps) {
  const [values, setValues] = useState<FormValues>(() => toForm(current.policy));
  const [looking, setLooking] = useState(false);
  const draft = fromForm(current.policy, values);
  const checked = PoolPolicy.safeParse(draft);
  const problems = new Map(checked.success ? [] : checked.error.issues.map((issue) => [issue.path.join("."), issue.message]));
  const changes = policyChanges(current.policy, draft as PoolPolicy);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (checked.success && changes.length > 0) setLooking(true);
      }}
      className="flex flex-col gap-4"
    >
      <fieldset disabled={!may} className="grid min-w-0 grid-cols-1 items-start gap-4 xl:grid-cols-2">
        <legend className="sr-only">The pool&apos;s settings</legend>
        {POLICY_GROUPS.map((group) => (
          <Panel key={group.name} title={group.name} note={group.note}>
            <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
              {group.fields.map((field) => (
                <PolicyInput
                  key={field.path}
                  field={field}
                  value={values[field.path] ?? ""}
                  problem={problemOf(problems, field.path)}
                  onChange={(value) => setValues((before) => ({ ...before, [field.path]: value }))}
                />
              ))}
            </div>
          </Panel>
        ))}
      </fieldset>
      {may ? (
        <div className="sticky bottom-[calc(var(--foot-height)+0px)] z-20 flex flex-wrap items-center gap-3 rounded-lg border border-line bg-raised px-4 py-3 md:bottom-0">
          <p role="status" className="text-sm text-ink-2">
            {changes.length === 0
              ? "Nothing is changed."
              : problems.size > 0
                ? `${plural(problems.size, "field needs", "fields need")} another value: ${[...problems.keys()].map(fieldName).join(", ")}.`
                : `${plural(changes.length, "setting differs", "settings differ")}.`}
          </p>
          <div className="ml-auto flex gap-2">
            <Button disabled={changes.length === 0} onClick={() => setValues(toForm(current.policy))}>
              Undo
            </Button>
            <Button type="submit" variant="primary" disabled={changes.length === 0 || problems.size > 0}>
              Look at the changes
            </Button>
          </div>
        </div>
      ) : (
        <p className="text-sm text-ink-3">Your role sees these settings; the owner and operators change them.</p>
      )}
      {looking ? <ChangeDialog current={current} draft={draft} onClose={() => setLooking(false)} /> : null}
    </form>
  );
}

/** A problem of a whole list or object is shown where it is typed. */
function problemOf(problems: ReadonlyMap<string, string>, path: string): string | undefined {
  return problems.get(path) ?? [...problems].find(([wrong]) => wrong.startsWith(`${path}.`))?.[1];
}

type ChangeDialogProps = {
  readonly current: PolicyVersionDto;
  readonly draft: Record<string, unknown>;
  readonly onClose: () => void;
};

function ChangeDialog({ current, draft, onClose }: ChangeDialogProps) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const toast = useToast();
  const change = useMutation(trpc.policy.change.mutationOptions());
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const save = async () => {
    if (reason.trim() === "") return setMissing(true);
    try {
      const made = await change.mutateAsync({ policy: draft, expected_version: current.version, reason: reason.trim() });
      toast({
        tone: "good",
        icon: CircleCheck,
        word: "Saved",
        text: `Version ${made.version}. The pool takes it over in a moment.`,
      });
      cache.setQueryData(trpc.policy.get.queryKey(), made);
      await cache.invalidateQueries({ queryKey: trpc.policy.pathKey() });
      onClose();
    } catch {
      // Told by the mutation's own state.
    }
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title="Change the pool's settings"
      description="Blocks and batches that exist keep the settings they were made by. The versions before stay readable."
      className="max-w-2xl!"
    >
      <div className="flex flex-col gap-4">
        <ChangesTable changes={policyChanges(current.policy, draft as PoolPolicy)} />
        <Field
          label="Why"
          maxLength={500}
          autoComplete="off"
          value={reason}
          problem={missing && reason.trim() === "" ? "Say why: it is kept with the change." : undefined}
          onChange={(event) => setReason(event.target.value)}
        />
        {change.error === null ? null : <Problem title="The settings were not changed">{change.error.message}</Problem>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Back</Button>
          <Button variant="primary" onClick={() => void save()} disabled={change.isPending} aria-busy={change.isPending}>
            {change.isPending ? "Saving…" : "Change them"}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
