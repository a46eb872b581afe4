"use client";
import type { ProvisionRigDto, ProvisionRunDto } from "@otedama/shared";
import { ChevronRight } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { plural } from "@/components/data/plural.ts";
import { Panel } from "@/components/ui/panel.tsx";
import { Segmented } from "@/components/ui/segmented.tsx";
import { Status } from "@/components/ui/status.tsx";
import { useRigLog } from "./use_run.ts";
import { addressOf, inState, lookOf, STEP_LOOKS } from "./words.ts";

const SHOWN_MAX = 200;

/** Every rig of the run with its state; open one to read what is known of it, each step, and what it says. */
export function RigsPanel({ run }: { readonly run: ProvisionRunDto }) {
  const away = inState(run, "unreachable").length;
  const [shown, setShown] = useState<"there" | "all">(away > 8 ? "there" : "all");
  const rigs = shown === "all" ? run.rigs : run.rigs.filter((rig) => rig.state !== "unreachable");
  return (
    <Panel
      title="Rigs"
      note={`${plural(run.rigs.length, "target", "targets")}, ${away} unreachable`}
      action={
        away === 0 ? undefined : (
          <Segmented
            label="Which rigs"
            value={shown}
            choices={[
              { value: "there", label: "Reachable" },
              { value: "all", label: "All" },
            ]}
            onChoose={setShown}
          />
        )
      }
      flush
    >
      <ul className="divide-y divide-line border-t border-line">
        {rigs.slice(0, SHOWN_MAX).map((rig) => (
          <li key={rig.index}>
            <Rig run={run} rig={rig} />
          </li>
        ))}
      </ul>
      {rigs.length > SHOWN_MAX ? <p className="px-4 py-2 text-xs text-ink-3">and {rigs.length - SHOWN_MAX} more</p> : null}
      {rigs.length === 0 ? <p className="px-4 py-3 text-sm text-ink-3">No rig answered.</p> : null}
    </Panel>
  );
}

function Rig({ run, rig }: { readonly run: ProvisionRunDto; readonly rig: ProvisionRigDto }) {
  const [open, setOpen] = useState(false);
  const done = rig.steps.filter((step) => step.state === "done").length;
  const current = rig.steps.find((step) => step.state === "running");
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)} className="group">
      <summary className="flex cursor-pointer list-none flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 text-sm hover:bg-hover [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden className="size-3.5 shrink-0 text-ink-3 group-open:rotate-90" />
        <span className="font-medium">{addressOf(rig)}</span>
        {rig.hostname === null ? null : <span className="text-ink-3">{rig.hostname}</span>}
        <Status {...lookOf(rig, run.purpose)} />
        {rig.steps.length === 0 || rig.state === "done" ? null : (
          <span className="text-xs text-ink-3 tabular">
            {done} of {rig.steps.length}
            {current === undefined ? "" : `: ${current.word}`}
          </span>
        )}
        {rig.message === null ? null : <span className="w-full min-w-0 break-words pl-7.5 text-ink-2">{rig.message}</span>}
      </summary>
      {open ? <Story run={run} rig={rig} /> : null}
    </details>
  );
}

function Story({ run, rig }: { readonly run: ProvisionRunDto; readonly rig: ProvisionRigDto }) {
  const lines = useRigLog(run.id, rig.index, rig.state === "running");
  return (
    <div className="grid gap-x-8 gap-y-4 border-t border-line bg-sunken px-4 py-3 pl-11 text-sm lg:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-3">
        {rig.host_key === null ? null : (
          <Part title="Host key">
            <p className="break-all font-mono text-xs">
              {rig.host_key.type} {rig.host_key.fingerprint}
            </p>
          </Part>
        )}
        {rig.findings.length === 0 ? null : (
          <Part title="What was found">
            <ul className="list-disc pl-4 text-ink-2">
              {rig.findings.map(({ level, text }) => (
                <li key={text} className={level === "stop" ? "text-bad" : level === "warning" ? "text-warn" : undefined}>
                  {level === "fact" ? "" : level === "stop" ? "In the way: " : "Note: "}
                  {text}
                </li>
              ))}
            </ul>
          </Part>
        )}
        {rig.agent_id === null || run.purpose === "uninstall" || rig.state !== "done" ? null : (
          <p>
            <Link href={`/rigs/${rig.agent_id}`} className="text-accent hover:underline">
              Go to this rig
            </Link>
          </p>
        )}
      </div>
      <div className="flex min-w-0 flex-col gap-3">
        {rig.steps.length === 0 ? null : (
          <Part title="Steps">
            <ol className="flex flex-col gap-1">
              {rig.steps.map((step) => (
                <li key={step.name} className="flex flex-wrap gap-x-3">
                  <Status {...STEP_LOOKS[step.state]} className="w-22" />
                  <span className="font-medium">{step.word}</span>
                  {step.message === "" ? null : <span className="min-w-0 break-words text-ink-3">{step.message}</span>}
                </li>
              ))}
            </ol>
          </Part>
        )}
        {lines.length === 0 ? null : (
          <Part title="Log">
            <section
              // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
              tabIndex={0}
              aria-label={`Log of ${addressOf(rig)}`}
              className="quiet-scroll max-h-60 overflow-auto whitespace-pre-wrap break-words rounded-md border border-line bg-panel px-3 py-2 font-mono text-xs"
            >
              {lines.map((line) => line.text).join("\n")}
            </section>
          </Part>
        )}
        {rig.steps.length === 0 && lines.length === 0 ? <p className="text-ink-3">Nothing was done on it yet.</p> : null}
      </div>
    </div>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: React.ReactNode }) {
  return (
    <section>
      <h3 className="mb-1 text-xs font-medium text-ink-3">{title}</h3>
      {children}
    </section>
  );
}
