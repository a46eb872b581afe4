"use client";
import type { RolloutDto } from "@otedama/shared";
import { formatHashrate, groupedCount } from "@otedama/shared/units";
import { cx } from "class-variance-authority";
import { CircleCheck, CircleDashed, Eye, RefreshCw, TriangleAlert } from "lucide-react";
import Link from "next/link";
import { plural } from "@/components/data/plural.ts";
import { When } from "@/components/data/when.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Status } from "@/components/ui/status.tsx";
import { RolloutActions } from "./rollout_actions.tsx";
import { isOpen, RING_WORDS, ROLLOUT_LOOKS } from "./rollout_words.ts";

type Ring = RolloutDto["rings"][number];

/** A roll-out on its way: which ring it is in, how each one stands, and what would stop it. */
export function RolloutCard({
  rollout,
  may,
  onChanged,
}: {
  readonly rollout: RolloutDto;
  readonly may: boolean;
  readonly onChanged: () => void;
}) {
  const look = ROLLOUT_LOOKS[rollout.state];
  return (
    <Panel
      title={`Release ${rollout.release_number} (${rollout.version}) to ${rollout.channel}`}
      note={
        <>
          {plural(rollout.rigs, "rig", "rigs")}
          {rollout.hashrate_hps > 0 ? `, ${formatHashrate(rollout.hashrate_hps)}` : ""}, begun{" "}
          <When at_ms={rollout.started_at_ms} />
          {rollout.started_by === null ? "" : ` by ${rollout.started_by}`}
        </>
      }
      action={<Status tone={look.tone} icon={look.icon} word={look.word} boxed />}
    >
      <div className="flex flex-col gap-3">
        <ol
          aria-label="Rings"
          className="grid grid-cols-1 gap-px overflow-hidden rounded-lg border border-line bg-line sm:grid-cols-3"
        >
          {rollout.rings.map((ring) => (
            <RingBox key={ring.ring} ring={ring} rollout={rollout} />
          ))}
        </ol>
        {rollout.message === null ? null : <p className="text-sm text-ink-2">{rollout.message}</p>}
        <p className="text-sm text-ink-3">
          Stops by itself beyond {plural(rollout.failures_max, "failed rig", "failed rigs")} ({groupedCount(rollout.failures)} so
          far) or {rollout.loss_percent_max} % less hashrate (
          {rollout.loss_percent === null
            ? "nothing to compare yet"
            : `${Math.max(0, rollout.loss_percent).toFixed(1)} % less now`}
          ); at most {groupedCount(rollout.batch_rigs)} at once.
        </p>
        {rollout.failed.length === 0 ? null : (
          <ul aria-label="Rigs that failed" className="flex flex-col gap-1 text-sm">
            {rollout.failed.map(({ rig_id, rig_name, message }) => (
              <li key={rig_id} className="flex min-w-0 flex-wrap gap-x-2">
                <Link
                  href={`/rigs/${rig_id}`}
                  className="font-medium text-ink underline decoration-line-strong underline-offset-2"
                >
                  {rig_name}
                </Link>
                <span className="min-w-0 break-words text-ink-3">{message}</span>
              </li>
            ))}
          </ul>
        )}
        {may ? <RolloutActions rollout={rollout} onChanged={onChanged} /> : null}
      </div>
    </Panel>
  );
}

function RingBox({ ring, rollout }: { readonly ring: Ring; readonly rollout: RolloutDto }) {
  const { counts, rigs, offline } = ring;
  const here = isOpen(rollout) && rollout.ring === ring.ring;
  const percent = rigs === 0 ? 0 : ((counts.proved + counts.skipped) / rigs) * 100;
  return (
    <li
      aria-current={here ? "step" : undefined}
      className={cx("flex min-w-0 flex-col gap-1.5 px-3 py-2.5", here ? "bg-selected" : "bg-panel")}
    >
      <RingState ring={ring} rollout={rollout} />
      <span className="text-base font-semibold tabular">
        {groupedCount(counts.proved)} <span className="text-sm font-normal text-ink-3">of {plural(rigs, "rig", "rigs")}</span>
      </span>
      <span aria-hidden className="h-1.5 overflow-hidden rounded-full bg-sunken">
        <span className="block h-full bg-accent" style={{ width: `${percent}%` }} />
      </span>
      <span className="text-xs text-ink-3 tabular">
        {rigs === 0
          ? "no rig is in this ring"
          : [
              counts.updating > 0 ? `${groupedCount(counts.updating)} updating` : "",
              counts.failed > 0 ? `${groupedCount(counts.failed)} failed` : "",
              counts.waiting - offline > 0 ? `${groupedCount(counts.waiting - offline)} waiting` : "",
              offline > 0 ? `${groupedCount(offline)} not connected` : "",
            ]
              .filter(Boolean)
              .join(", ") || "all proved it"}
      </span>
    </li>
  );
}

function RingState({ ring, rollout }: { readonly ring: Ring; readonly rollout: RolloutDto }) {
  const word = RING_WORDS[ring.ring] ?? "";
  if (ring.counts.failed > 0) return <Status tone="bad" icon={TriangleAlert} word={word} className="text-xs" />;
  if (rollout.ring > ring.ring || rollout.state === "done")
    return <Status tone="good" icon={CircleCheck} word={word} className="text-xs" />;
  if (rollout.ring < ring.ring || !isOpen(rollout))
    return <Status tone="quiet" icon={CircleDashed} word={word} className="text-xs" />;
  if (rollout.watch_until_ms === null) return <Status tone="active" icon={RefreshCw} word={word} className="text-xs" />;
  return (
    <span className="flex flex-wrap items-baseline gap-x-2">
      <Status tone="active" icon={Eye} word={`${word}, watched`} className="text-xs" />
      <span className="text-xs text-ink-3">
        until <When at_ms={rollout.watch_until_ms} />
      </span>
    </span>
  );
}
