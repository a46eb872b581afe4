/** Whether a desired state is proved, and since when. Pure; the time is handed in. */
import type { ProofState } from "@otedama/shared/agent";

export interface Proof {
  state: ProofState;
  since_ms: number;
  /** When the difference began that made it drift or that it has not come out of; null when there is none. */
  wrong_since_ms: number | null;
}

/** A difference that lasts so long is a failure: trying again is not mending it. */
export const FAILING_AFTER_MS = 60_000;

export const converging = (now_ms: number): Proof => ({ state: "converging", since_ms: now_ms, wrong_since_ms: now_ms });

export interface Judgement {
  /** Every check is as it should be. */
  ok: boolean;
  /** Something was refused outright: there is nothing to wait for. */
  hopeless: boolean;
  /** So long all must be well before it is proved. */
  settled: boolean;
}

export function judge(proof: Proof, { ok, hopeless, settled }: Judgement, now_ms: number): Proof {
  if (ok) {
    if (proof.state === "proved") return proof;
    return settled ? { state: "proved", since_ms: now_ms, wrong_since_ms: null } : { ...proof, wrong_since_ms: null };
  }
  const wrong_since_ms = proof.wrong_since_ms ?? now_ms;
  const state =
    hopeless || now_ms - wrong_since_ms >= FAILING_AFTER_MS ? "failing" : proof.state === "proved" ? "drifting" : proof.state;
  return state === proof.state ? { ...proof, wrong_since_ms } : { state, since_ms: now_ms, wrong_since_ms };
}
