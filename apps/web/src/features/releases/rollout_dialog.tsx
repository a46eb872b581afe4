"use client";
import type { ReleaseChannelDto, ReleaseDto, RolloutPreviewDto } from "@otedama/shared";
import { formatHashrate, groupedCount, quantityText, siQuantity } from "@otedama/shared/units";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { plural } from "@/components/data/plural.ts";
import { Button } from "@/components/ui/button.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Select } from "@/components/ui/select.tsx";
import { useTRPC } from "@/lib/trpc.tsx";

type RolloutDialogProps = {
  readonly release: ReleaseDto;
  readonly channels: readonly ReleaseChannelDto[];
  readonly onClose: () => void;
  readonly onStarted: () => void;
};

/** Says what would be touched before anything is, and asks when it should stop by itself. */
export function RolloutDialog({ release, channels, onClose, onStarted }: RolloutDialogProps) {
  const trpc = useTRPC();
  const [channel, setChannel] = useState(channels.find(({ rigs }) => rigs > 0)?.name ?? channels[0]?.name ?? "");
  const preview = useQuery(trpc.rollouts.preview.queryOptions({ release_number: release.number, channel }));
  const start = useMutation(
    trpc.rollouts.start.mutationOptions({
      onSuccess: () => {
        onStarted();
        onClose();
      },
      onError: () => void preview.refetch(),
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (preview.data === undefined) return;
    const form = new FormData(event.currentTarget);
    const read = (name: string) => Number(form.get(name));
    start.mutate({
      release_number: release.number,
      channel,
      expected_rigs: preview.data.rigs,
      canary_rigs: read("canary_rigs"),
      batch_rigs: read("batch_rigs"),
      failures_max: read("failures_max"),
      loss_percent_max: read("loss_percent_max"),
      watch_s: read("watch_min") * 60,
    });
  };
  const rigs = preview.data?.rigs ?? 0;
  return (
    <Dialog
      open
      onOpenChange={(open) => (open || start.isPending ? undefined : onClose())}
      title={`Roll out release ${release.number} (${release.version})`}
      description="First the canaries, then a tenth, then all; each ring is watched before the next begins."
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        <div className="flex flex-col gap-1.5">
          <span className="text-sm font-medium text-ink-2">Channel</span>
          <Select
            label="Channel"
            value={channel}
            choices={channels.map(({ name }) => ({ value: name, label: name }))}
            onChoose={setChannel}
            className="w-48"
          />
        </div>
        <Failure title="What it would touch is not known" error={preview.error} />
        {preview.data === undefined ? null : <Radius preview={preview.data} />}
        <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
          <Field
            label="Canaries"
            name="canary_rigs"
            type="number"
            min={1}
            max={100}
            defaultValue={1}
            hint="Rigs of the first ring."
            required
          />
          <Field
            label="At once"
            name="batch_rigs"
            type="number"
            min={1}
            max={2_000}
            defaultValue={50}
            hint="Rigs that update at the same time."
            required
          />
          <Field
            label="Failed rigs allowed"
            name="failures_max"
            type="number"
            min={0}
            max={10_000}
            defaultValue={2}
            hint="More stop it."
            required
          />
          <Field
            label="Lost hashrate allowed, %"
            name="loss_percent_max"
            type="number"
            min={0}
            max={100}
            step={0.5}
            defaultValue={5}
            hint="Of what the updated rigs did before. More stops it."
            required
          />
          <Field label="Watch each ring, minutes" name="watch_min" type="number" min={0} max={1_440} defaultValue={10} required />
        </div>
        <Failure title="The roll-out was not begun" error={start.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose} disabled={start.isPending}>
            Close
          </Button>
          <Button type="submit" variant="primary" disabled={rigs === 0 || start.isPending} aria-busy={start.isPending}>
            {start.isPending ? "Beginning…" : `Roll out to ${plural(rigs, "rig", "rigs")}`}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Radius({ preview }: { readonly preview: RolloutPreviewDto }) {
  const { rigs, hashrate_hps, power_watts, power_rigs, offline, left_out } = preview;
  if (rigs === 0) {
    return (
      <p className="text-sm text-ink-2">
        No rig of this channel takes this release:{" "}
        {left_out === 0 ? "there is none" : "they run it or a later one, or were not installed from a release"}.
      </p>
    );
  }
  return (
    <p className="text-sm text-ink-2">
      Touches <strong className="font-semibold text-ink">{plural(rigs, "rig", "rigs")}</strong> with{" "}
      {formatHashrate(hashrate_hps)}
      {power_rigs === 0 ? "" : ` and ${quantityText(siQuantity(power_watts, "W"))}`}: each restarts its agent once
      {offline === 0 ? "" : `; ${groupedCount(offline)} of them ${offline === 1 ? "is" : "are"} not connected, and will follow`}
      {left_out === 0
        ? ""
        : `. ${plural(left_out, "rig is", "rigs are")} left out: on it already, or not installed from a release`}
      .
    </p>
  );
}
