"use client";
import type { MeDto, ProvisionRunDto } from "@otedama/shared";
import { useMutation } from "@tanstack/react-query";
import { ArrowLeft } from "lucide-react";
import Link from "next/link";
import { plural } from "@/components/data/plural.ts";
import { Button } from "@/components/ui/button.tsx";
import { Failure } from "@/components/ui/failure.tsx";
import { LiveRegion } from "@/components/ui/live_region.tsx";
import { Page } from "@/components/ui/page.tsx";
import { useTRPC } from "@/lib/trpc.tsx";
import { KeysPanel } from "./keys_panel.tsx";
import { PlanPanel } from "./plan_panel.tsx";
import { RigsPanel } from "./rigs_panel.tsx";
import { useRun } from "./use_run.ts";
import { inState, runSentence, STAGES, stageOf } from "./words.ts";

/** One run, from host keys to its result; what can be done next stands above the rigs. */
export function RunScreen({ initial, me }: { readonly initial: ProvisionRunDto; readonly me: MeDto }) {
  const trpc = useTRPC();
  const { run, refresh } = useRun(initial);
  const check = useMutation(trpc.provision.check.mutationOptions({ onSuccess: refresh }));
  const end = useMutation(trpc.provision.end.mutationOptions({ onSuccess: refresh }));
  const sentence = runSentence(run);
  const own = run.secret_held && run.opened_by === me.name;
  const unknown = inState(run, "unknown_key");
  const to_look_at = inState(run, "trusted", "failed", "refused");
  const ready = inState(run, "ready");
  return (
    <Page
      kicker="Fleet · Provision"
      sentence={sentence}
      action={
        <>
          <Button asChild>
            <Link href="/provision">
              <ArrowLeft />
              All runs
            </Link>
          </Button>
          {own ? (
            <Button disabled={end.isPending} aria-busy={end.isPending} onClick={() => end.mutate({ id: run.id })}>
              End and forget the credentials
            </Button>
          ) : null}
        </>
      }
    >
      <LiveRegion text={sentence} />
      <Stages at={stageOf(run)} />
      <Failure title="The run was not ended" error={end.error} />
      <Failure title="The rigs are not looked at" error={check.error} />
      {own && unknown.length > 0 ? <KeysPanel run={run} rigs={unknown} onChanged={refresh} /> : null}
      {own && to_look_at.length > 0 && inState(run, "asking", "checking").length === 0 ? (
        <div className="flex flex-wrap items-center gap-3">
          <Button
            variant={ready.length === 0 && unknown.length === 0 ? "primary" : "secondary"}
            disabled={check.isPending}
            aria-busy={check.isPending}
            onClick={() => check.mutate({ id: run.id })}
          >
            {inState(run, "trusted").length === 0 ? "Look again at" : "Look at"} {plural(to_look_at.length, "rig", "rigs")}
          </Button>
          <p className="text-xs text-ink-3">Signs in and looks; changes nothing.</p>
        </div>
      ) : null}
      {own && ready.length > 0 ? <PlanPanel run={run} rigs={ready} onBegun={refresh} /> : null}
      <RigsPanel run={run} />
    </Page>
  );
}

function Stages({ at }: { readonly at: number }) {
  return (
    <ol className="flex flex-wrap gap-x-5 gap-y-1 text-sm" aria-label="Stages">
      {STAGES.map((word, index) => (
        <li
          key={word}
          aria-current={index === at ? "step" : undefined}
          className={index === at ? "font-medium text-accent" : index < at ? "text-ink-2" : "text-ink-3"}
        >
          <span className="tabular">{index + 1}</span> {word}
        </li>
      ))}
    </ol>
  );
}
