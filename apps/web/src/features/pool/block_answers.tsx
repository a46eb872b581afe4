"use client";
import type { BlockSubmissionDto } from "@otedama/shared";
import { formatDuration } from "@otedama/shared/units";
import { CircleCheck, CircleHelp, Unplug, XCircle } from "lucide-react";
import { plural } from "@/components/data/plural.ts";
import { Status } from "@/components/ui/status.tsx";

const LOOKS = {
  accepted: { tone: "good", icon: CircleCheck, word: "Took it" },
  rejected: { tone: "bad", icon: XCircle, word: "Refused" },
  unsure: { tone: "warn", icon: CircleHelp, word: "Catching up" },
  away: { tone: "quiet", icon: Unplug, word: "Away" },
} as const;

/** What each node said, and how quickly. */
export function BlockAnswers({ submissions }: { readonly submissions: readonly BlockSubmissionDto[] }) {
  if (submissions.length === 0) return null;
  return (
    <ul aria-label="Answers of the nodes" className="mt-1.5 flex flex-col gap-1 border-l border-line pl-3">
      {submissions.map((one) => {
        const details = [
          one.latency_ms === null ? null : `answered in ${formatDuration(one.latency_ms / 1_000)}`,
          one.attempts > 1 ? `after ${plural(one.attempts, "attempt", "attempts")}` : null,
        ].filter((detail) => detail !== null);
        return (
          <li key={one.node} className="min-w-0">
            <span className="flex flex-wrap items-baseline gap-x-3">
              <span className="min-w-0 break-all font-mono text-xs text-ink-2">{one.node}</span>
              <Status {...LOOKS[one.result]} className="text-xs" />
              <span className="text-xs">{details.join(" ")}</span>
            </span>
            {one.answer === null ? null : <span className="block text-xs break-words text-ink-3">{one.answer}</span>}
          </li>
        );
      })}
    </ul>
  );
}
