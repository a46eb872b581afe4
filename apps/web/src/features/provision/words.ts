import type { ProvisionRigDto, ProvisionRigState, ProvisionRunDto, ProvisionStep } from "@otedama/shared";
import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleDot,
  Clock,
  Fingerprint,
  KeyRound,
  LoaderCircle,
  type LucideIcon,
  Search,
  ShieldAlert,
  Unplug,
  XCircle,
} from "lucide-react";
import { plural } from "@/components/data/plural.ts";
import type { Tone } from "@/components/ui/status.tsx";

type Look = { readonly tone: Tone; readonly icon: LucideIcon; readonly word: string };

export const RIG_STATE_LOOKS: Readonly<Record<ProvisionRigState, Look>> = {
  asking: { tone: "quiet", icon: Search, word: "Asking" },
  unreachable: { tone: "quiet", icon: Unplug, word: "Unreachable" },
  unknown_key: { tone: "warn", icon: Fingerprint, word: "Key to confirm" },
  changed_key: { tone: "bad", icon: ShieldAlert, word: "Key changed" },
  trusted: { tone: "active", icon: KeyRound, word: "Key known" },
  checking: { tone: "active", icon: Search, word: "Looking" },
  refused: { tone: "bad", icon: Ban, word: "Cannot be done" },
  ready: { tone: "active", icon: CircleDot, word: "Ready" },
  waiting: { tone: "quiet", icon: Clock, word: "Waiting" },
  running: { tone: "active", icon: LoaderCircle, word: "Working" },
  done: { tone: "good", icon: CircleCheck, word: "Done" },
  failed: { tone: "bad", icon: XCircle, word: "Failed, undone" },
  cancelled: { tone: "quiet", icon: CircleDashed, word: "Not begun" },
};

export const STEP_LOOKS: Readonly<Record<ProvisionStep["state"], Look>> = {
  waiting: { tone: "quiet", icon: CircleDashed, word: "Waiting" },
  running: { tone: "active", icon: LoaderCircle, word: "Running" },
  done: { tone: "good", icon: CircleCheck, word: "Done" },
  failed: { tone: "bad", icon: XCircle, word: "Failed" },
};

/** A removal has nothing to be undone to. */
export const lookOf = (rig: ProvisionRigDto, purpose: ProvisionRunDto["purpose"]): Look =>
  rig.state === "failed" && purpose === "uninstall" ? { ...RIG_STATE_LOOKS.failed, word: "Failed" } : RIG_STATE_LOOKS[rig.state];

export const inState = (run: ProvisionRunDto, ...states: ProvisionRigState[]): ProvisionRigDto[] =>
  run.rigs.filter((rig) => states.includes(rig.state));

export const addressOf = (rig: ProvisionRigDto): string =>
  rig.port === 22 ? rig.host : rig.host.includes(":") ? `[${rig.host}]:${rig.port}` : `${rig.host}:${rig.port}`;

export const STAGES = ["Targets and credentials", "Host keys", "Look and plan", "Run", "Result"] as const;

/** How far a run is, as an index into STAGES. */
export function stageOf(run: ProvisionRunDto): number {
  if (inState(run, "running", "waiting").length > 0) return 3;
  if (!run.secret_held) return 4;
  if (inState(run, "ready", "checking", "refused", "failed", "done").length > 0) return 2;
  return 1;
}

const rigs = (count: number): string => plural(count, "rig", "rigs");

/** How a run stands, in one sentence. */
export function runSentence(run: ProvisionRunDto): string {
  const count = (...states: ProvisionRigState[]) => inState(run, ...states).length;
  const working = count("running", "waiting");
  const what = run.purpose === "install" ? "have an agent" : "are cleared";
  const one = run.purpose === "install" ? "has an agent" : "is cleared";
  const done = `${rigs(count("done"))} ${count("done") === 1 ? one : what}`;
  const trouble = count("failed", "refused", "changed_key");
  const but = trouble === 0 ? "" : `, ${rigs(trouble)} ${trouble === 1 ? "needs" : "need"} a look`;
  if (working > 0) return `${rigs(working)} ${working === 1 ? "is" : "are"} being worked on; ${done}${but}.`;
  if (!run.secret_held) return `${done} out of ${run.rigs.length}${but}. The credentials are forgotten.`;
  if (count("asking") > 0)
    return `${rigs(count("asking"))} ${count("asking") === 1 ? "is" : "are"} being asked for the host key.`;
  if (count("checking") > 0)
    return `${rigs(count("checking"))} ${count("checking") === 1 ? "is" : "are"} being looked at; nothing is changed.`;
  if (count("ready") > 0)
    return `${rigs(count("ready"))} ${count("ready") === 1 ? "is" : "are"} ready${but}: read the plan, then begin.`;
  if (count("unknown_key") > 0)
    return `${rigs(count("unknown_key"))} ${count("unknown_key") === 1 ? "shows a host key that nobody" : "show host keys that nobody"} has confirmed.`;
  if (count("trusted") > 0)
    return `${rigs(count("trusted"))} ${count("trusted") === 1 ? "is" : "are"} known by host key: have a look at ${count("trusted") === 1 ? "it" : "them"}.`;
  return count("done") > 0 ? `${done}${but}.` : `None of ${rigs(run.rigs.length)} can be gone on with${but}.`;
}
