"use client";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Problem } from "@/components/ui/problem.tsx";

type ReasonDialogProps = {
  readonly title: string;
  readonly description: string;
  /** On the button: what will happen. */
  readonly action: string;
  readonly danger?: boolean;
  /** Text that has to be typed first: what the action is about. */
  readonly confirm?: { readonly label: string; readonly text: string };
  readonly problem: string | null;
  readonly busy: boolean;
  readonly onClose: () => void;
  /** Closes the dialog itself when the server has done it; a rejection stays open. */
  readonly onConfirm: (reason: string) => Promise<void>;
};

/** An order about money that needs its reason: it is written down with who gave it. */
export function ReasonDialog({
  title,
  description,
  action,
  danger = false,
  confirm,
  problem,
  busy,
  onClose,
  onConfirm,
}: ReasonDialogProps) {
  const [missing, setMissing] = useState<"reason" | "confirm" | null>(null);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const reason = String(form.get("reason") ?? "").trim();
    if (reason === "") return setMissing("reason");
    if (confirm !== undefined && String(form.get("confirm") ?? "").trim() !== confirm.text) return setMissing("confirm");
    setMissing(null);
    // A refusal is told by `problem`.
    onConfirm(reason).catch(() => {});
  };
  return (
    <Dialog open onOpenChange={(open) => (open ? undefined : onClose())} title={title} description={description}>
      <form onSubmit={submit} noValidate className="flex flex-col gap-4">
        <Field
          label="Why"
          name="reason"
          maxLength={500}
          autoComplete="off"
          problem={missing === "reason" ? "Say why: it is kept with the change." : undefined}
        />
        {confirm === undefined ? null : (
          <Field
            label={confirm.label}
            name="confirm"
            autoComplete="off"
            problem={missing === "confirm" ? `Type ${confirm.text} to go on.` : undefined}
          />
        )}
        {problem === null ? null : <Problem title="It was not done">{problem}</Problem>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" variant={danger ? "danger" : "primary"} disabled={busy} aria-busy={busy}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
