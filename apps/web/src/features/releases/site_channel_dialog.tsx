"use client";
import type { ReleaseChannelDto } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { plural } from "@/components/data/plural.ts";
import { Button } from "@/components/ui/button.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Select } from "@/components/ui/select.tsx";
import { useTRPC } from "@/lib/trpc.tsx";

type SiteChannelDialogProps = {
  readonly channels: readonly ReleaseChannelDto[];
  readonly onClose: () => void;
  readonly onChanged: () => void;
};

export function SiteChannelDialog({ channels, onClose, onChanged }: SiteChannelDialogProps) {
  const trpc = useTRPC();
  const names = useId();
  const sites = channels.flatMap((channel) => channel.sites.map((site) => ({ ...site, channel: channel.name })));
  const [site_id, setSite] = useState(String(sites[0]?.id ?? ""));
  const from = sites.find(({ id }) => String(id) === site_id)?.channel;
  const move = useMutation(
    trpc.releases.setSiteChannel.mutationOptions({
      onSuccess: () => {
        onChanged();
        onClose();
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    move.mutate({ site_id: Number(site_id), channel: String(new FormData(event.currentTarget).get("channel")).trim() });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title="Move a site to a channel"
      description="Its rigs, now and later, get what is rolled out there. A roll-out that has begun keeps its rigs."
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        <div className="flex flex-col gap-1.5">
          <span className="text-sm font-medium text-ink-2">Site</span>
          <Select
            label="Site"
            value={site_id}
            choices={sites.map(({ id, name }) => ({ value: String(id), label: name }))}
            onChoose={setSite}
            className="w-64"
          />
          <p className="text-xs text-ink-3">
            On {from ?? "no channel"} now, with {plural(channels.find(({ name }) => name === from)?.rigs ?? 0, "rig", "rigs")} in
            all.
          </p>
        </div>
        <Field
          label="Channel"
          name="channel"
          list={names}
          maxLength={32}
          pattern="[a-z][a-z0-9\-]*"
          placeholder="beta"
          hint="Lower-case letters, digits and dashes. One that does not exist yet is made."
          required
        />
        <datalist id={names}>
          {channels.map(({ name }) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <Failure title="The site was not moved" error={move.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" variant="primary" disabled={move.isPending || site_id === ""} aria-busy={move.isPending}>
            {move.isPending ? "Moving…" : "Move the site"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
