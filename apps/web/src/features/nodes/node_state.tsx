import type { NodeState, TipSignal } from "@otedama/shared";
import { CircleCheck, CircleDashed, Pickaxe, TriangleAlert, Unplug } from "lucide-react";
import { Status } from "@/components/ui/status.tsx";

const LOOKS = {
  serving: { tone: "good", icon: Pickaxe, word: "Serving", meaning: "Its template is mined now." },
  ready: { tone: "good", icon: CircleCheck, word: "Ready", meaning: "Fit; another node's template pays as much or more." },
  unfit: { tone: "bad", icon: TriangleAlert, word: "Unfit", meaning: "It answers, but must not be mined on." },
  away: { tone: "bad", icon: Unplug, word: "Away", meaning: "It does not answer." },
  unknown: { tone: "quiet", icon: CircleDashed, word: "Unknown", meaning: "It was not asked yet." },
} as const;

export function NodeStateStatus({ state, boxed = false }: { readonly state: NodeState; readonly boxed?: boolean }) {
  const { meaning, ...look } = LOOKS[state];
  return (
    <span title={meaning}>
      <Status {...look} boxed={boxed} />
    </span>
  );
}

export const SIGNAL_WORDS: Readonly<Record<TipSignal, string>> = { zmq: "ZeroMQ", long_poll: "long poll", poll: "polling" };
