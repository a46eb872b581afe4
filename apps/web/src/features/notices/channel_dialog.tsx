"use client";
import type { NoticeChannelDto, NoticeDestination, NoticeKind } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Checks } from "@/components/ui/checks.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Once } from "@/components/ui/once.tsx";
import { Segmented } from "@/components/ui/segmented.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { CHANNEL_LOOKS, NOTICE_CHOICES } from "./looks.ts";

type Kind = NoticeChannelDto["kind"];
const KINDS = (Object.keys(CHANNEL_LOOKS) as Kind[]).map((value) => ({ value, label: CHANNEL_LOOKS[value].word }));
const USUAL: readonly NoticeKind[] = ["block_found", "block_orphaned", "payout_sent", "node_lost", "database_behind"];

type ChannelDialogProps = { readonly emailReady: boolean; readonly onClose: () => void; readonly onAdded: () => void };

export function ChannelDialog({ emailReady, onClose, onAdded }: ChannelDialogProps) {
  const trpc = useTRPC();
  const [kind, setKind] = useState<Kind>("webhook");
  const [events, setEvents] = useState<NoticeKind[]>([...USUAL]);
  const create = useMutation(
    trpc.notices.createChannel.mutationOptions({
      onSuccess: (made) => {
        onAdded();
        if (made.signing_secret === null) onClose();
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const read = (name: string) => String(form.get(name) ?? "").trim();
    create.mutate({ name: read("name"), events, destination: destinationOf(kind, read) });
  };
  const secret = create.data?.signing_secret ?? null;
  return (
    <Dialog open onOpenChange={(open) => (open ? undefined : onClose())} title="Add a channel">
      {secret === null ? (
        <form onSubmit={submit} className="flex flex-col gap-4">
          <Segmented label="Kind" value={kind} choices={KINDS} onChoose={setKind} />
          {kind === "email" && !emailReady ? (
            <p className="text-sm text-ink-2">
              E-mail needs a mail server: set <code>notices.smtp</code> in <code>config.yaml</code> and start again.
            </p>
          ) : (
            <>
              <Field label="Name" name="name" maxLength={64} hint="As it is called here." required />
              <DestinationFields key={kind} kind={kind} />
              <Checks legend="Carries" value={events} choices={NOTICE_CHOICES} onChange={setEvents} columns />
              <Failure title="The channel was not added" error={create.error} />
            </>
          )}
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>Close</Button>
            <Button
              type="submit"
              variant="primary"
              disabled={create.isPending || (kind === "email" && !emailReady)}
              aria-busy={create.isPending}
            >
              {create.isPending ? "Adding…" : "Add the channel"}
            </Button>
          </div>
        </form>
      ) : (
        <div className="flex flex-col gap-4">
          <Once
            label="Signing secret"
            text={secret}
            note="It is shown this one time. Your receiver checks with it that a notice is from here: HMAC-SHA-256 of the time stamp, a dot and the body."
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

function DestinationFields({ kind }: { readonly kind: Kind }) {
  switch (kind) {
    case "webhook":
      return (
        <Field
          label="Address"
          name="url"
          type="url"
          maxLength={2_048}
          placeholder="https://example.org/otedama"
          hint="Gets a signed POST. It is kept sealed and not shown again, but for its host."
          required
        />
      );
    case "email":
      return <Field label="E-mail" name="to" type="email" maxLength={254} required />;
    case "telegram":
      return (
        <>
          <Field label="Bot token" name="token" type="password" autoComplete="off" hint="From @BotFather." required />
          <Field
            label="Chat"
            name="chat_id"
            maxLength={66}
            placeholder="-1001234567890"
            hint="The chat's number, or @name."
            required
          />
        </>
      );
    case "discord":
      return (
        <Field
          label="Webhook address"
          name="url"
          type="url"
          maxLength={2_048}
          placeholder="https://discord.com/api/webhooks/…"
          hint="In Discord under the channel's settings, Integrations. It is kept sealed and not shown again."
          required
        />
      );
  }
}

function destinationOf(kind: Kind, read: (name: string) => string): NoticeDestination {
  switch (kind) {
    case "webhook":
    case "discord":
      return { kind, url: read("url") };
    case "email":
      return { kind, to: read("to") };
    case "telegram":
      return { kind, token: read("token"), chat_id: read("chat_id") };
  }
}
