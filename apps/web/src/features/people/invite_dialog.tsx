"use client";
import type { MeDto } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Once } from "@/components/ui/once.tsx";
import { Select } from "@/components/ui/select.tsx";
import { ROLE_CHOICES, ROLE_MEANINGS } from "@/lib/roles.ts";
import { useTRPC } from "@/lib/trpc.tsx";

export function InviteDialog({ onClose, onInvited }: { readonly onClose: () => void; readonly onInvited: () => void }) {
  const trpc = useTRPC();
  const [role, setRole] = useState<MeDto["role"]>("viewer");
  const invite = useMutation(trpc.people.invite.mutationOptions({ onSuccess: onInvited }));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    invite.mutate({ email: String(new FormData(event.currentTarget).get("email")).trim(), role });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title="Invite somebody"
      description="Makes a link that lets one person join. Give it to them yourself: no mail is sent."
    >
      {invite.data === undefined ? (
        <form onSubmit={submit} className="flex flex-col gap-4">
          <Field label="E-mail" name="email" type="email" maxLength={254} hint="They sign in with it." required autoFocus />
          <div className="flex flex-col gap-1.5">
            <span className="text-sm font-medium text-ink-2">Role</span>
            <Select label="Role" value={role} choices={ROLE_CHOICES} onChoose={setRole} className="w-48" />
            <p className="text-xs text-ink-3">{ROLE_MEANINGS[role]}.</p>
          </div>
          <Failure title="No invite was made" error={invite.error} />
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>Close</Button>
            <Button type="submit" variant="primary" disabled={invite.isPending} aria-busy={invite.isPending}>
              {invite.isPending ? "Making the link…" : "Make the link"}
            </Button>
          </div>
        </form>
      ) : (
        <div className="flex flex-col gap-4">
          <Once
            label={`Invite link for ${invite.data.invite.email}`}
            text={invite.data.link}
            note="It is shown this one time, works once, and for 72 hours. Whoever has it can join in their place, so send it where only they read."
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
