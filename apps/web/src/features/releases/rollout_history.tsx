"use client";
import type { RolloutDto } from "@otedama/shared";
import { plural } from "@/components/data/plural.ts";
import { When } from "@/components/data/when.tsx";
import { Panel } from "@/components/ui/panel.tsx";
import { Status } from "@/components/ui/status.tsx";
import { RolloutActions } from "./rollout_actions.tsx";
import { ROLLOUT_LOOKS } from "./rollout_words.ts";

type RolloutHistoryProps = { readonly rollouts: readonly RolloutDto[]; readonly may: boolean; readonly onChanged: () => void };

/** What was rolled out before, and how it ended; the last one can be taken back still. */
export function RolloutHistory({ rollouts, may, onChanged }: RolloutHistoryProps) {
  if (rollouts.length === 0) return null;
  return (
    <Panel title="Roll-outs before" flush>
      <ul className="flex flex-col">
        {rollouts.map((rollout, index) => {
          const look = ROLLOUT_LOOKS[rollout.state];
          return (
            <li
              key={rollout.id}
              className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-line/70 px-4 py-2.5 text-sm"
            >
              <span className="w-36 shrink-0">
                <Status tone={look.tone} icon={look.icon} word={look.word} />
              </span>
              <span className="font-medium text-ink">
                Release {rollout.release_number} ({rollout.version}) to {rollout.channel}
              </span>
              <span className="text-ink-3">{plural(rollout.rigs, "rig", "rigs")}</span>
              <span className="min-w-0 grow basis-60 break-words text-ink-2">{rollout.message}</span>
              <span className="text-xs text-ink-3">
                <When at_ms={rollout.ended_at_ms ?? rollout.started_at_ms} />
              </span>
              {may && index === 0 && rollout.state !== "rolled_back" && rollout.back_to !== null ? (
                <RolloutActions rollout={rollout} onChanged={onChanged} />
              ) : null}
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
