"use client";
import type { MeDto, PayoutBatchDetailDto } from "@otedama/shared";
import { formatSats } from "@otedama/shared/units";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ban, Check, Play } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { payeesOf } from "./payout_words.ts";
import { ReasonDialog } from "./reason_dialog.tsx";

type BatchActionsProps = { readonly detail: PayoutBatchDetailDto; readonly me: MeDto };

/** What may be done with the batch now; the server says so, and asks again when it is done. */
export function BatchActions({ detail, me }: BatchActionsProps) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const [open, setOpen] = useState<"approve" | "cancel" | "resume" | null>(null);
  const cancel = useMutation(trpc.payouts.cancel.mutationOptions());
  const resume = useMutation(trpc.payouts.resume.mutationOptions());
  const { batch, can } = detail;
  const close = () => setOpen(null);
  const done = async () => {
    await cache.invalidateQueries({ queryKey: trpc.payouts.pathKey() });
    close();
  };
  const approvedByMe = detail.approvals.some((approval) => approval.person.toLowerCase() === me.email.toLowerCase());
  return (
    <>
      {batch.state === "planned" ? (
        <Button
          variant="primary"
          disabled={can.approve !== null || approvedByMe}
          title={approvedByMe ? "You have approved it; somebody else has to as well." : (can.approve ?? undefined)}
          onClick={() => setOpen("approve")}
        >
          <Check />
          {approvedByMe ? "Approved by you" : "Approve"}
        </Button>
      ) : null}
      {batch.stopped_why === null ? null : (
        <Button variant="primary" onClick={() => setOpen("resume")}>
          <Play />
          Let it go on
        </Button>
      )}
      {can.cancel === null ? (
        <Button onClick={() => setOpen("cancel")}>
          <Ban />
          Cancel the batch
        </Button>
      ) : null}
      {open === "approve" ? <ApproveDialog detail={detail} onClose={close} onDone={done} /> : null}
      {open === "cancel" ? (
        <ReasonDialog
          title={`Cancel batch ${batch.id}`}
          description={`Its ${formatSats(batch.amount_sats)} BTC are available again to ${batch.pays === "fees" ? "the pool" : payeesOf(batch)}. This cannot be undone; a new plan can be made.`}
          action="Cancel the batch"
          danger
          problem={cancel.error?.message ?? null}
          busy={cancel.isPending}
          onClose={close}
          onConfirm={async (reason) => {
            await cancel.mutateAsync({ batch_id: batch.id, reason });
            await done();
          }}
        />
      ) : null}
      {open === "resume" ? (
        <ReasonDialog
          title={`Let batch ${batch.id} go on`}
          description="The pool follows its transaction again. Do this when you know why it was stopped."
          action="Let it go on"
          problem={resume.error?.message ?? null}
          busy={resume.isPending}
          onClose={close}
          onConfirm={async (reason) => {
            await resume.mutateAsync({ batch_id: batch.id, reason });
            await done();
          }}
        />
      ) : null}
    </>
  );
}

type ApproveDialogProps = {
  readonly detail: PayoutBatchDetailDto;
  readonly onClose: () => void;
  readonly onDone: () => Promise<void>;
};

function ApproveDialog({ detail: { batch }, onClose, onDone }: ApproveDialogProps) {
  const trpc = useTRPC();
  const approve = useMutation(trpc.payouts.approve.mutationOptions());
  const [wrong, setWrong] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get("batch") ?? "").trim();
    if (typed !== String(batch.id)) return setWrong(true);
    setWrong(false);
    try {
      // What was looked at is what is approved: the server refuses when the sum has changed since.
      await approve.mutateAsync({ batch_id: batch.id, amount_sats: batch.amount_sats });
      await onDone();
    } catch {
      // Told by the mutation's own state.
    }
  };
  const missing = batch.approvals_required - batch.approved_by.length;
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={`Approve batch ${batch.id}: ${formatSats(batch.amount_sats)} BTC to ${payeesOf(batch)}`}
      description={
        missing > 1
          ? "After you one more person has to approve it."
          : "With your approval the pool makes the transaction and hands it to the signer."
      }
    >
      <form onSubmit={submit} noValidate className="flex flex-col gap-4">
        <Field
          label="Number of the batch"
          name="batch"
          inputMode="numeric"
          autoComplete="off"
          hint={`Type ${batch.id}.`}
          problem={wrong ? `This approves batch ${batch.id}: type its number.` : undefined}
        />
        {approve.error === null ? null : <Problem title="It was not approved">{approve.error.message}</Problem>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" variant="primary" disabled={approve.isPending} aria-busy={approve.isPending}>
            Approve the batch
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
