"use client";
import type { ProvisionRigDto, ProvisionRunDto } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import { plural } from "@/components/data/plural.ts";
import { Button } from "@/components/ui/button.tsx";
import { Confirm } from "@/components/ui/confirm.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { addressOf } from "./words.ts";

type PlanPanelProps = {
  readonly run: ProvisionRunDto;
  readonly rigs: readonly ProvisionRigDto[];
  readonly onBegun: () => void;
};

const NAMED_MAX = 12;

/** What would be done, in plain words, before anything is: each different plan once, with the rigs that it is for. */
export function PlanPanel({ run, rigs, onBegun }: PlanPanelProps) {
  const trpc = useTRPC();
  const [left_out, setLeftOut] = useState<ReadonlySet<string>>(new Set());
  const [asking, setAsking] = useState(false);
  const begin = useMutation(
    trpc.provision.begin.mutationOptions({
      onSuccess: () => {
        setAsking(false);
        onBegun();
      },
    }),
  );
  const plans = Map.groupBy(rigs, (rig) => JSON.stringify([rig.plan, warningsOf(rig)]));
  const chosen = [...plans].flatMap(([key, members]) => (left_out.has(key) ? [] : members));
  const action = `${run.purpose === "install" ? "Install on" : "Uninstall from"} ${plural(chosen.length, "rig", "rigs")}`;
  return (
    <Panel title="The plan" note="Nothing was changed yet." flush>
      <ul className="divide-y divide-line border-t border-line">
        {[...plans].map(([key, members]) => {
          const [first] = members;
          if (first === undefined) return null;
          return (
            <li key={key} className="flex flex-col gap-2 px-4 py-3">
              <label className="flex items-start gap-2.5 text-sm font-medium">
                <input
                  type="checkbox"
                  className="mt-0.5 size-4 shrink-0 accent-(--accent)"
                  checked={!left_out.has(key)}
                  onChange={() => {
                    const next = new Set(left_out);
                    if (!next.delete(key)) next.add(key);
                    setLeftOut(next);
                  }}
                />
                <span className="min-w-0 break-words">
                  {plural(members.length, "rig", "rigs")}: {members.slice(0, NAMED_MAX).map(addressOf).join(", ")}
                  {members.length > NAMED_MAX ? ` and ${members.length - NAMED_MAX} more` : ""}
                </span>
              </label>
              {warningsOf(first).map((text) => (
                <p key={text} className="ml-6.5 flex gap-1.5 text-sm text-warn">
                  <TriangleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
                  {text}
                </p>
              ))}
              <ol className="ml-6.5 list-decimal pl-4 text-sm text-ink-2 marker:text-ink-3">
                {first.plan.map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ol>
            </li>
          );
        })}
      </ul>
      <div className="flex flex-wrap items-center gap-3 border-t border-line p-4">
        <Button
          variant="primary"
          disabled={chosen.length === 0}
          onClick={() => {
            begin.reset();
            setAsking(true);
          }}
        >
          {action}
        </Button>
        <p className="text-xs text-ink-3">At most {run.parallel} at once.</p>
      </div>
      <Confirm
        open={asking}
        title={`${action}?`}
        action={action}
        busy={begin.isPending}
        problem={<Failure title="Nothing was begun" error={begin.error} />}
        onConfirm={() => begin.mutate({ id: run.id, rigs: chosen.map((rig) => rig.index) })}
        onClose={() => setAsking(false)}
      >
        {run.purpose === "install"
          ? "Each rig is done as its plan says. One whose agent does not report here is put back as it was."
          : "Each rig stops mining, and everything of Otedama on it is removed. This cannot be undone."}
      </Confirm>
    </Panel>
  );
}

const warningsOf = (rig: ProvisionRigDto): string[] =>
  rig.findings.filter(({ level }) => level === "warning").map(({ text }) => text);
