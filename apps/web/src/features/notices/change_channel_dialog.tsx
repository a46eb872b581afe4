"use client";
import type { NoticeChannelDto } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Checks } from "@/components/ui/checks.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Field } from "@/components/ui/input.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { NOTICE_CHOICES } from "./looks.ts";

type ChangeChannelDialogProps = {
  readonly channel: NoticeChannelDto;
  readonly onClose: () => void;
  readonly onChanged: () => void;
};

export function ChangeChannelDialog({ channel, onClose, onChanged }: ChangeChannelDialogProps) {
  const trpc = useTRPC();
  const [events, setEvents] = useState(channel.events);
  const [state, setState] = useState<"on"[]>(channel.enabled ? ["on"] : []);
  const change = useMutation(
    trpc.notices.changeChannel.mutationOptions({
      onSuccess: () => {
        onChanged();
        onClose();
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name"));
    change.mutate({ id: channel.id, name, events, enabled: state.includes("on") });
  };
  return (
    <Dialog open onOpenChange={(open) => (open ? undefined : onClose())} title={`Change ${channel.name}`}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name" name="name" defaultValue={channel.name} maxLength={64} required />
        <Checks legend="Carries" value={events} choices={NOTICE_CHOICES} onChange={setEvents} columns />
        <Checks
          legend="State"
          value={state}
          choices={[{ value: "on", label: "On", hint: "What happens while it is off is not told later." }]}
          onChange={setState}
        />
        <p className="text-xs text-ink-3">Where it leads cannot be changed: add another channel for that and remove this one.</p>
        <Failure title="The channel was not changed" error={change.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" variant="primary" disabled={change.isPending} aria-busy={change.isPending}>
            {change.isPending ? "Saving…" : "Save"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
