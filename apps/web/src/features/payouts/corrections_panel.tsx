"use client";
import type { CorrectionDto, MeDto } from "@otedama/shared";
import { shortenMiddle } from "@otedama/shared/units";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, Clock, TriangleAlert, X } from "lucide-react";
import { useState } from "react";
import { Amount } from "@/components/data/amount.tsx";
import { KIND_WORDS } from "@/components/data/ledger_words.ts";
import { plural } from "@/components/data/plural.ts";
import { When } from "@/components/data/when.tsx";
import { Button } from "@/components/ui/button.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Status } from "@/components/ui/status.tsx";
import { useToast } from "@/components/ui/toast.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { mayPay } from "./may_pay.ts";
import { ReasonDialog } from "./reason_dialog.tsx";

/** Corrections that wait for a second person; nothing is shown while there are none. */
export function CorrectionsPanel({ me }: { readonly me: MeDto }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const toast = useToast();
  const [refusing, setRefusing] = useState<CorrectionDto | null>(null);
  const query = useQuery({ ...trpc.ledger.corrections.queryOptions(), retry: 1 });
  const again = () => cache.invalidateQueries({ queryKey: trpc.ledger.pathKey() });
  const approve = useMutation(
    trpc.ledger.approveCorrection.mutationOptions({
      onSettled: again,
      onError: (error) => toast({ tone: "bad", icon: TriangleAlert, word: "Not approved", text: error.message }),
    }),
  );
  const refuse = useMutation(trpc.ledger.refuseCorrection.mutationOptions());
  const waiting = (query.data ?? []).filter((correction) => correction.state === "proposed");
  if (waiting.length === 0) return null;
  return (
    <Panel
      title={`${plural(waiting.length, "correction waits", "corrections wait")} for a second person`}
      note="nothing is moved before"
    >
      <ul className="flex flex-col gap-3">
        {waiting.map((correction) => (
          <li
            key={correction.id}
            className="flex flex-wrap items-start gap-3 border-b border-line/70 pb-3 last:border-b-0 last:pb-0"
          >
            <div className="min-w-0 grow basis-72">
              <p className="flex flex-wrap items-baseline gap-x-2 text-sm">
                <Status tone="warn" icon={Clock} word={`Correction ${correction.id}`} />
                <Amount sats={correction.amount_sats} className="font-medium" /> BTC
              </p>
              <p className="text-sm text-ink-2">{routeOf(correction)}</p>
              <p className="text-xs text-ink-3">
                {correction.person}, <When at_ms={correction.created_at_ms} />: {correction.reason}
              </p>
            </div>
            {mayPay(me) ? (
              <div className="flex gap-2">
                <Button
                  size="sm"
                  variant="primary"
                  disabled={approve.isPending || correction.person.toLowerCase() === me.email.toLowerCase()}
                  title={
                    correction.person.toLowerCase() === me.email.toLowerCase() ? "Somebody else has to approve it." : undefined
                  }
                  onClick={() => approve.mutate({ id: correction.id })}
                >
                  <Check />
                  Approve
                </Button>
                <Button size="sm" onClick={() => setRefusing(correction)}>
                  <X />
                  Refuse
                </Button>
              </div>
            ) : null}
          </li>
        ))}
      </ul>
      {refusing === null ? null : (
        <ReasonDialog
          title={`Refuse correction ${refusing.id}`}
          description="Nothing is moved. The correction stays in the list of those that were refused."
          action="Refuse it"
          problem={refuse.error?.message ?? null}
          busy={refuse.isPending}
          onClose={() => setRefusing(null)}
          onConfirm={async (reason) => {
            await refuse.mutateAsync({ id: refusing.id, reason });
            await again();
            setRefusing(null);
          }}
        />
      )}
    </Panel>
  );
}

function routeOf({ postings }: CorrectionDto): string {
  const name = (posting: CorrectionDto["postings"][number]) =>
    posting.address === null
      ? KIND_WORDS[posting.kind].word
      : `${KIND_WORDS[posting.kind].word} ${shortenMiddle(posting.address, 8, 6)}`;
  const from = postings.filter((posting) => posting.amount_sats < 0).map(name);
  const to = postings.filter((posting) => posting.amount_sats > 0).map(name);
  return `from ${from.join(", ")} to ${to.join(", ")}`;
}
