"use client";
import type { RolloutDto } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { CirclePause, CircleX, Play, Undo2 } from "lucide-react";
import { useState } from "react";
import { plural } from "@/components/data/plural.ts";
import { Button } from "@/components/ui/button.tsx";
import { Confirm } from "@/components/ui/confirm.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { useTRPC } from "@/lib/trpc.tsx";

export function RolloutActions({ rollout, onChanged }: { readonly rollout: RolloutDto; readonly onChanged: () => void }) {
  const trpc = useTRPC();
  const { id, state, back_to } = rollout;
  const pause = useMutation(trpc.rollouts.pause.mutationOptions({ onSettled: onChanged }));
  const resume = useMutation(trpc.rollouts.resume.mutationOptions({ onSettled: onChanged }));
  const [asking, setAsking] = useState<"cancel" | "back" | null>(null);
  const busy = pause.isPending || resume.isPending;
  const open = state === "running" || state === "paused" || state === "stopped";
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap gap-2">
        {state === "running" ? (
          <Button onClick={() => pause.mutate({ id })} disabled={busy}>
            <CirclePause />
            Pause
          </Button>
        ) : null}
        {state === "paused" || state === "stopped" ? (
          <Button onClick={() => resume.mutate({ id })} disabled={busy}>
            <Play />
            {state === "stopped" ? "Go on all the same" : "Go on"}
          </Button>
        ) : null}
        {open ? (
          <Button variant="ghost" onClick={() => setAsking("cancel")}>
            <CircleX />
            Cancel
          </Button>
        ) : null}
        {back_to === null ? null : (
          <Button variant="ghost" onClick={() => setAsking("back")}>
            <Undo2 />
            Roll back…
          </Button>
        )}
      </div>
      <Failure title="The roll-out was not changed" error={pause.error ?? resume.error} />
      {asking === "cancel" ? <CancelDialog rollout={rollout} onClose={() => setAsking(null)} onChanged={onChanged} /> : null}
      {asking === "back" && back_to !== null ? (
        <BackDialog rollout={rollout} back_to={back_to} onClose={() => setAsking(null)} onChanged={onChanged} />
      ) : null}
    </div>
  );
}

type AskingProps = { readonly rollout: RolloutDto; readonly onClose: () => void; readonly onChanged: () => void };

function CancelDialog({ rollout, onClose, onChanged }: AskingProps) {
  const trpc = useTRPC();
  const cancel = useMutation(trpc.rollouts.cancel.mutationOptions({ onSettled: onChanged, onSuccess: onClose }));
  return (
    <Confirm
      open
      title={`Cancel the roll-out of release ${rollout.release_number}?`}
      action="Cancel the roll-out"
      busy={cancel.isPending}
      problem={<Failure title="It was not cancelled" error={cancel.error} />}
      onConfirm={() => cancel.mutate({ id: rollout.id })}
      onClose={onClose}
    >
      Rigs that run it keep it, rigs that are updating finish. No other rig begins.
    </Confirm>
  );
}

function BackDialog({
  rollout,
  back_to,
  onClose,
  onChanged,
}: AskingProps & { readonly back_to: NonNullable<RolloutDto["back_to"]> }) {
  const trpc = useTRPC();
  const back = useMutation(trpc.rollouts.rollBack.mutationOptions({ onSettled: onChanged, onSuccess: onClose }));
  const rigs = plural(back_to.rigs, "rig", "rigs");
  return (
    <Confirm
      open
      title={`Take ${rigs} back to ${back_to.version}?`}
      action={`Roll back ${rigs}`}
      busy={back.isPending}
      problem={<Failure title="Nothing was rolled back" error={back.error} />}
      onConfirm={() => back.mutate({ id: rollout.id, expected_rigs: back_to.rigs })}
      onClose={onClose}
    >
      <p>
        The files of release {back_to.release_number} are signed once more, under a new number, and go to every rig of this
        roll-out that runs release {rollout.release_number} or is about to: {rigs}, {rollout.batch_rigs} at once, without rings.
        Each of them restarts its agent once more.
      </p>
    </Confirm>
  );
}
