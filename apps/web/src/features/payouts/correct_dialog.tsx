"use client";
import { CORRECTABLE_KINDS } from "@otedama/shared";
import { formatSats, parseSats } from "@otedama/shared/units";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, Clock } from "lucide-react";
import { type FormEvent, useState } from "react";
import { KIND_WORDS } from "@/components/data/ledger_words.ts";
import { Button } from "@/components/ui/button.tsx";
import { Dialog } from "@/components/ui/dialog.tsx";
import { Field } from "@/components/ui/input.tsx";
import { Problem } from "@/components/ui/problem.tsx";
import { Select } from "@/components/ui/select.tsx";
import { useToast } from "@/components/ui/toast.tsx";
import { useTRPC } from "@/lib/trpc.tsx";

type Kind = (typeof CORRECTABLE_KINDS)[number];
const CHOICES = CORRECTABLE_KINDS.map((kind) => ({ value: kind, label: KIND_WORDS[kind].word }));

/** An entry by hand: an amount from one account of the ledger to another, with its reason. */
export function CorrectDialog({ onClose }: { readonly onClose: () => void }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const toast = useToast();
  const correct = useMutation(trpc.ledger.correct.mutationOptions());
  const [from, setFrom] = useState<Kind>("operator");
  const [to, setTo] = useState<Kind>("miner_available");
  const [wrong, setWrong] = useState<Readonly<Record<string, string>>>({});
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const read = (name: string) => String(form.get(name) ?? "").trim();
    const amount_sats = parseSats(read("amount"));
    const problems: Record<string, string> = {};
    if (amount_sats === null || amount_sats < 1) problems.amount = "Give an amount of BTC above 0, with at most eight decimals.";
    if (read("reason") === "") problems.reason = "Say why: it is kept with the entry.";
    if (from === "miner_available" && read("from_address") === "") problems.from_address = "Give the account's address.";
    if (to === "miner_available" && read("to_address") === "") problems.to_address = "Give the account's address.";
    setWrong(problems);
    if (amount_sats === null || Object.keys(problems).length > 0) return;
    try {
      const { id, state } = await correct.mutateAsync({
        from: { kind: from, address: from === "miner_available" ? read("from_address") : null },
        to: { kind: to, address: to === "miner_available" ? read("to_address") : null },
        amount_sats,
        reason: read("reason"),
      });
      toast(
        state === "written"
          ? { tone: "good", icon: CircleCheck, word: "Written", text: `Correction ${id}: ${formatSats(amount_sats)} BTC moved.` }
          : { tone: "warn", icon: Clock, word: "Waits", text: `Correction ${id} needs a second person's approval.` },
      );
      await cache.invalidateQueries({ queryKey: trpc.ledger.pathKey() });
      onClose();
    } catch {
      // Told by the mutation's own state.
    }
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title="Correct the ledger"
      description="Nothing that was written is changed: a correction is a new entry, with you, your reason and, above the limit, a second person."
    >
      <form onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-4">
        <Field label="Amount, BTC" name="amount" inputMode="decimal" autoComplete="off" problem={wrong.amount} />
        <Side label="Taken from" name="from_address" kind={from} problem={wrong.from_address} onKind={setFrom} />
        <Side label="Given to" name="to_address" kind={to} problem={wrong.to_address} onKind={setTo} />
        <Field label="Why" name="reason" maxLength={500} autoComplete="off" problem={wrong.reason} />
        {correct.error === null ? null : <Problem title="Nothing was written">{correct.error.message}</Problem>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" variant="primary" disabled={correct.isPending} aria-busy={correct.isPending}>
            Write the correction
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type SideProps = {
  readonly label: string;
  readonly name: string;
  readonly kind: Kind;
  readonly problem: string | undefined;
  readonly onKind: (kind: Kind) => void;
};

function Side({ label, name, kind, problem, onKind }: SideProps) {
  return (
    <div className="flex flex-col gap-2">
      <span className="text-sm font-medium text-ink-2">{label}</span>
      <Select label={label} value={kind} choices={CHOICES} onChoose={onKind} />
      {kind === "miner_available" ? (
        <Field
          label="Address of the account"
          name={name}
          maxLength={128}
          autoComplete="off"
          spellCheck={false}
          problem={problem}
        />
      ) : null}
    </div>
  );
}
