"use client";
import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";

type ConfirmProps = {
  readonly open: boolean;
  readonly title: string;
  /** What happens then, in words. */
  readonly children: ReactNode;
  /** Names the action and its object: "Disable Ben". */
  readonly action: string;
  readonly busy: boolean;
  readonly problem: ReactNode;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
};

/** Asks once more, names what would be touched, and stays until the server has answered. */
export function Confirm({ open, title, children, action, busy, problem, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog open={open} onOpenChange={(next) => (next || busy ? undefined : onClose())} title={title} className="max-w-md!">
      <div className="flex flex-col gap-4">
        <div className="text-sm text-ink-2">{children}</div>
        {problem}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose} disabled={busy}>
            Leave it
          </Button>
          <Button variant="danger" onClick={onConfirm} disabled={busy} aria-busy={busy}>
            {busy ? "Working…" : action}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
