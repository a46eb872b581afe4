"use client";
import { formatAge } from "@otedama/shared/units";
import { cx } from "class-variance-authority";
import { CircleDashed, type LucideIcon, Radio, Timer, Unplug } from "lucide-react";
import type { Freshness } from "@/lib/live/freshness.ts";
import { useFreshness } from "@/lib/live/provider.tsx";

type Look = {
  readonly icon: LucideIcon;
  readonly text: string;
  readonly short: string;
  readonly tone: string;
  readonly meaning: string;
};

function look(fresh: Freshness): Look {
  switch (fresh.kind) {
    case "live":
      return { icon: Radio, text: "Live", short: "Live", tone: "text-good", meaning: "What you see is pushed as it changes." };
    case "connecting":
      return {
        icon: CircleDashed,
        text: "Connecting",
        short: "Connecting",
        tone: "text-ink-3",
        meaning: "The first push is awaited.",
      };
    case "no_pool":
      return {
        icon: Unplug,
        text: "No pool connected",
        short: "No pool",
        tone: "text-warn",
        meaning: "The control plane runs, but no pool has reported to it.",
      };
    case "behind": {
      const text = `Behind ${formatAge(fresh.age_s)}`;
      return { icon: Timer, text, short: text, tone: "text-warn", meaning: "The pool has not reported since." };
    }
    case "disconnected": {
      const age = fresh.age_s === null ? "" : formatAge(fresh.age_s);
      return {
        icon: Unplug,
        text: age === "" ? "Disconnected" : `Disconnected, last values ${age} old`,
        short: age === "" ? "Offline" : `Offline ${age}`,
        tone: "text-bad",
        meaning: "The control plane does not answer. It is tried again by itself.",
      };
    }
  }
}

export function LiveIndicator() {
  const { icon: Icon, text, short, tone, meaning } = look(useFreshness());
  return (
    <span
      title={meaning}
      data-testid="live"
      className={cx("inline-flex items-center gap-1.5 whitespace-nowrap text-xs font-medium tabular", tone)}
    >
      <Icon aria-hidden className="size-3.5" />
      <span className="sm:hidden">{short}</span>
      <span className="max-sm:hidden">{text}</span>
    </span>
  );
}
