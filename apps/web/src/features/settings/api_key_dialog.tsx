"use client";
import type { ApiScope } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Checks } from "@/components/ui/checks.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Once } from "@/components/ui/once.tsx";
import { Select } from "@/components/ui/select.tsx";
import { useTRPC } from "@/lib/trpc.tsx";

const SCOPES = [
  { value: "read", label: "read", hint: "Workers, blocks and rigs." },
  { value: "money:read", label: "money:read", hint: "Balances, the lines of accounts, payouts." },
  {
    value: "payouts:plan",
    label: "payouts:plan",
    hint: "Plan payouts, where your role may. A person approves each of them, whatever its sum.",
  },
  { value: "audit:read", label: "audit:read", hint: "The audit log, where your role may read it." },
] as const satisfies readonly { value: ApiScope; label: string; hint: string }[];

const LIVES = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "A year" },
  { value: "never", label: "It does not expire" },
] as const;

export function ApiKeyDialog({ onClose, onMade }: { readonly onClose: () => void; readonly onMade: () => void }) {
  const trpc = useTRPC();
  const [scopes, setScopes] = useState<ApiScope[]>(["read"]);
  const [life, setLife] = useState<(typeof LIVES)[number]["value"]>("90");
  const create = useMutation(trpc.me.createApiKey.mutationOptions({ onSuccess: onMade }));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const days = life === "never" ? null : Number(life);
    create.mutate({ name: String(form.get("name")), password: String(form.get("password")), scopes, days });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title="Make an API key"
      description="It may do what its scopes and your role both allow."
    >
      {create.data === undefined ? (
        <form onSubmit={submit} className="flex flex-col gap-4">
          <Field label="Name" name="name" maxLength={80} hint="Which program it is for." required autoFocus />
          <Checks legend="Scopes" value={scopes} choices={SCOPES} onChange={setScopes} />
          <div className="flex flex-col gap-1.5">
            <span className="text-sm font-medium text-ink-2">Works for</span>
            <Select label="Works for" value={life} choices={LIVES} onChoose={setLife} className="w-48" />
          </div>
          <Field label="Your password" name="password" type="password" autoComplete="current-password" maxLength={128} required />
          <Failure title="No key was made" error={create.error} />
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>Close</Button>
            <Button type="submit" variant="primary" disabled={create.isPending} aria-busy={create.isPending}>
              {create.isPending ? "Making the key…" : "Make the key"}
            </Button>
          </div>
        </form>
      ) : (
        <div className="flex flex-col gap-4">
          <Once
            label="API key"
            text={create.data.key}
            note="It is shown this one time. Keep it where only the program reads it; revoke it here when it leaks."
          />
          <div className="flex justify-end">
            <Button variant="primary" onClick={onClose}>
              Done
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
