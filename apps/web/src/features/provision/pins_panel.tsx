"use client";
import type { HostKeyPinDto } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { When } from "@/components/data/when.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Copyable } from "@/components/ui/copyable.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { useTRPC } from "@/lib/trpc.tsx";

const SHOWN_MAX = 200;

type PinsPanelProps = { readonly pins: readonly HostKeyPinDto[]; readonly onForgotten: () => void };

/** The host keys that people vouched for, and the deliberate way to forget one. */
export function PinsPanel({ pins, onForgotten }: PinsPanelProps) {
  const [asked, setAsked] = useState<HostKeyPinDto | null>(null);
  const shown = pins.slice(0, SHOWN_MAX);
  return (
    <Panel title="Pinned host keys" note="A rig that shows another key is refused." flush>
      <ul className="divide-y divide-line">
        {shown.map((pin) => (
          <li key={pin.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 text-sm">
            <span className="font-medium">{pin.port === 22 ? pin.host : `${pin.host} port ${pin.port}`}</span>
            <span className="text-xs text-ink-3">{pin.type}</span>
            <Copyable text={pin.fingerprint} what="fingerprint" className="text-xs" />
            <span className="ml-auto text-xs text-ink-3">
              {pin.source === "known_hosts" ? "from known_hosts" : "confirmed"} by {pin.pinned_by},{" "}
              <When at_ms={pin.pinned_at_ms} />
            </span>
            <Button
              size="sm"
              variant="ghost"
              onClick={() => setAsked(pin)}
              aria-label={`Forget the key of ${pin.host} port ${pin.port}`}
            >
              Forget
            </Button>
          </li>
        ))}
      </ul>
      {pins.length > SHOWN_MAX ? <p className="px-4 py-2 text-xs text-ink-3">and {pins.length - SHOWN_MAX} more</p> : null}
      {asked === null ? null : <ForgetDialog pin={asked} onClose={() => setAsked(null)} onForgotten={onForgotten} />}
    </Panel>
  );
}

function ForgetDialog({
  pin,
  onClose,
  onForgotten,
}: {
  readonly pin: HostKeyPinDto;
  readonly onClose: () => void;
  readonly onForgotten: () => void;
}) {
  const trpc = useTRPC();
  const forget = useMutation(
    trpc.provision.forgetPin.mutationOptions({
      onSuccess: () => {
        onForgotten();
        onClose();
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    forget.mutate({ id: pin.id, reason: String(new FormData(event.currentTarget).get("reason")) });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => (open || forget.isPending ? undefined : onClose())}
      title={`Forget the host key of ${pin.host}?`}
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        <p className="text-sm text-ink-2">
          The next run shows whatever key the rig has then, and somebody has to confirm it anew. Do this only when you know why
          the key changed: the rig was installed anew, or its keys were replaced.
        </p>
        <Field
          label="Why"
          name="reason"
          minLength={3}
          maxLength={300}
          hint="It stays in the audit log, with your name."
          required
        />
        <Failure title="The key was not forgotten" error={forget.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" variant="danger" disabled={forget.isPending} aria-busy={forget.isPending}>
            Forget the key
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
