import type { MeDto, ReleaseChannelsDto, RolloutDto } from "@otedama/shared";
import { groupedCount } from "@otedama/shared/units";
import { CircleCheck, CirclePause, CircleX, type LucideIcon, OctagonX, RefreshCw, Undo2 } from "lucide-react";
import { plural } from "@/components/data/plural.ts";
import type { Tone } from "@/components/ui/status.tsx";

/** Who publishes and rolls out; the server asks again. */
export const mayRelease = (me: MeDto): boolean => me.role === "owner" || me.role === "operator";

export const ROLLOUT_LOOKS: Readonly<Record<RolloutDto["state"], { tone: Tone; icon: LucideIcon; word: string }>> = {
  running: { tone: "active", icon: RefreshCw, word: "Rolling out" },
  paused: { tone: "warn", icon: CirclePause, word: "Paused" },
  stopped: { tone: "bad", icon: OctagonX, word: "Stopped by itself" },
  rolled_back: { tone: "warn", icon: Undo2, word: "Rolled back" },
  cancelled: { tone: "quiet", icon: CircleX, word: "Cancelled" },
  done: { tone: "good", icon: CircleCheck, word: "Done" },
};
export const RING_WORDS = ["Canary", "A tenth", "All"] as const;

export const isOpen = ({ state }: RolloutDto): boolean => state === "running" || state === "paused" || state === "stopped";

/** The page's question: does every rig run what it should? */
export function releasesSentence(
  { channels }: ReleaseChannelsDto,
  rollouts: readonly RolloutDto[],
  newest: { number: number; version: string } | undefined,
): string {
  const open = rollouts.find(({ state }) => state === "stopped") ?? rollouts.find(isOpen);
  if (open !== undefined) {
    const proved = open.rings.reduce((sum, ring) => sum + ring.counts.proved, 0);
    const of = `${groupedCount(proved)} of ${plural(open.rigs, "rig", "rigs")} run release ${open.release_number}`;
    if (open.state === "stopped")
      return `The roll-out to ${open.channel} stopped by itself: ${of}, ${groupedCount(open.failures)} failed.`;
    return `${of} on ${open.channel}${open.state === "paused" ? ", and the roll-out is paused" : ""}.`;
  }
  const rigs = channels.reduce((sum, channel) => sum + channel.rigs, 0);
  if (newest === undefined) return "No release has been published yet.";
  const on = channels.reduce(
    (sum, { running }) => sum + (running.find((one) => one.release_number === newest.number)?.rigs ?? 0),
    0,
  );
  return `${groupedCount(on)} of ${plural(rigs, "rig", "rigs")} run the newest release, ${newest.number} (${newest.version}).`;
}
