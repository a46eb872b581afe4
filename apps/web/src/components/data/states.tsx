import type { BlockState, PartHealth, RigDto, WorkerDto } from "@otedama/shared";
import {
  Activity,
  Ban,
  CircleCheck,
  CircleDashed,
  CircleDot,
  CirclePause,
  Clock,
  type LucideIcon,
  TriangleAlert,
  Unlink,
  Unplug,
  XCircle,
} from "lucide-react";
import { Status, type Tone } from "@/components/ui/status.tsx";

export type StateLook = { readonly tone: Tone; readonly icon: LucideIcon; readonly word: string; readonly meaning: string };

export const BLOCK_LOOKS: Readonly<Record<BlockState, StateLook>> = {
  found: { tone: "active", icon: CircleDot, word: "Found", meaning: "Submitted to the node; its answer is awaited." },
  pending: { tone: "warn", icon: Clock, word: "Pending", meaning: "In the chain, waiting for enough confirmations." },
  confirmed: { tone: "good", icon: CircleCheck, word: "Confirmed", meaning: "Deep enough in the chain: its reward is owed." },
  orphaned: { tone: "bad", icon: Unlink, word: "Orphaned", meaning: "Another block took its place; its credits were reversed." },
  rejected: { tone: "bad", icon: Ban, word: "Rejected", meaning: "The node refused it." },
};

export const WORKER_LOOKS: Readonly<Record<WorkerDto["state"], StateLook>> = {
  mining: { tone: "good", icon: Activity, word: "Mining", meaning: "Connected, and shares are coming in." },
  idle: { tone: "warn", icon: CirclePause, word: "Idle", meaning: "Connected, but no share has come for a while." },
  offline: { tone: "quiet", icon: Unplug, word: "Offline", meaning: "Not connected." },
};

export const RIG_LOOKS: Readonly<Record<RigDto["state"], StateLook>> = {
  mining: { tone: "good", icon: Activity, word: "Mining", meaning: "The agent reports, and its devices hash." },
  waiting: { tone: "warn", icon: CirclePause, word: "Waiting", meaning: "The agent reports, but does not mine." },
  offline: { tone: "quiet", icon: Unplug, word: "Offline", meaning: "The agent has not reported for a while." },
};

export const HEALTH_LOOKS: Readonly<Record<PartHealth["state"] | "unknown", StateLook>> = {
  ok: { tone: "good", icon: CircleCheck, word: "OK", meaning: "Answers as it should." },
  degraded: { tone: "warn", icon: TriangleAlert, word: "Degraded", meaning: "Works, but not as it should." },
  down: { tone: "bad", icon: XCircle, word: "Down", meaning: "Does not answer." },
  unknown: { tone: "quiet", icon: CircleDashed, word: "Unknown", meaning: "Nothing has been heard of it yet." },
};

type Props<T extends string> = { readonly state: T; readonly boxed?: boolean };
const Look = ({ look, boxed = false }: { readonly look: StateLook; readonly boxed?: boolean | undefined }) => (
  <span title={look.meaning}>
    <Status tone={look.tone} icon={look.icon} word={look.word} boxed={boxed} />
  </span>
);

export const BlockStateStatus = ({ state, boxed }: Props<BlockState>) => <Look look={BLOCK_LOOKS[state]} boxed={boxed} />;
export const WorkerStateStatus = ({ state, boxed }: Props<WorkerDto["state"]>) => (
  <Look look={WORKER_LOOKS[state]} boxed={boxed} />
);
export const RigStateStatus = ({ state, boxed }: Props<RigDto["state"]>) => <Look look={RIG_LOOKS[state]} boxed={boxed} />;
export const HealthStatus = ({ state, boxed }: Props<PartHealth["state"] | "unknown">) => (
  <Look look={HEALTH_LOOKS[state]} boxed={boxed} />
);
