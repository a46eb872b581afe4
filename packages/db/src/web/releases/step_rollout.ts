/**
 * What a roll-out does next. Pure: rows and a clock in, decisions out, so that a step can be taken by any process and taken again.
 *
 * Ring by ring: a few rigs, a tenth, all. A ring is over when each of its rigs that is connected has proved the new release or failed,
 * and has been watched for a while. Failures and lost hashrate are looked at all along, over all rings, and stop it.
 */
import type { CommandState, RolloutRigState } from "@otedama/shared";

export const RING_LAST = 2;
/** A rig's hashrate is averaged over a minute: before that it cannot be compared. */
export const SETTLE_MS = 120_000;

export interface RolloutRow {
  state: "running" | "paused" | "stopped";
  release_number: number;
  ring: number;
  ring_settled_at_ms: number | null;
  batch_rigs: number;
  failures_max: number;
  loss_percent_max: number;
  watch_s: number;
}

export interface RolloutRigRow {
  agent_id: string;
  ring: number;
  state: RolloutRigState;
  settled_at_ms: number | null;
  hashrate_before_hps: number | null;
  /** Of its last update command; null before one was issued. */
  command_state: CommandState | null;
  command_message: string | null;
  /** As the agent said when it connected last. */
  release_number: number | null;
  online: boolean;
  retired: boolean;
  hashrate_hps: number;
}

export interface RolloutDecision {
  settle: { agent_id: string; state: RolloutRigState; message: string | null }[];
  /** Rigs that get the update command now. */
  issue: string[];
  ring: number;
  ring_settled_at_ms: number | null;
  /** Null: it goes on. */
  end: { state: "stopped" | "done"; message: string } | null;
}

const rigCount = (count: number): string => `${count} ${count === 1 ? "rig" : "rigs"}`;

export const isSettled = (state: RolloutRigState): boolean => state === "proved" || state === "failed" || state === "skipped";

export function stepRollout(rollout: RolloutRow, rows: readonly RolloutRigRow[], now_ms: number): RolloutDecision {
  const settle: RolloutDecision["settle"] = [];
  const rigs = rows.map((rig) => {
    const settled = settleRig(rig, rollout.release_number);
    if (settled === null) return rig;
    settle.push({ agent_id: rig.agent_id, ...settled });
    return { ...rig, state: settled.state, settled_at_ms: now_ms };
  });
  const still: RolloutDecision = {
    settle,
    issue: [],
    ring: rollout.ring,
    ring_settled_at_ms: rollout.ring_settled_at_ms,
    end: null,
  };
  if (rollout.state !== "running") return still;

  const failures = rigs.filter(({ state }) => state === "failed").length;
  if (failures > rollout.failures_max) {
    const message = `Stopped by itself: ${rigCount(failures)} could not be updated, and ${rollout.failures_max} ${rollout.failures_max === 1 ? "was" : "were"} allowed.`;
    return { ...still, end: { state: "stopped", message } };
  }
  const loss_percent = lostPercent(rigs, now_ms);
  if (loss_percent !== null && loss_percent > rollout.loss_percent_max) {
    const message = `Stopped by itself: the updated rigs do ${loss_percent.toFixed(1)} % less than before, and ${rollout.loss_percent_max} % was allowed.`;
    return { ...still, end: { state: "stopped", message } };
  }

  const begun = rigs.filter(({ ring }) => ring <= rollout.ring);
  const updating = begun.filter(({ state }) => state === "updating").length;
  const ready = begun.filter(({ state, online }) => state === "waiting" && online);
  const issue = ready.slice(0, Math.max(0, rollout.batch_rigs - updating)).map(({ agent_id }) => agent_id);
  if (updating > 0 || ready.length > 0) return { ...still, issue, ring_settled_at_ms: null };
  const in_ring = rigs.filter(({ ring }) => ring === rollout.ring);
  if (in_ring.length > 0 && !in_ring.some(({ state }) => state === "proved")) {
    // Nothing is learnt from rigs that are all away: it waits for one.
    if (!in_ring.some(({ state }) => state === "failed")) return { ...still, ring_settled_at_ms: null };
    return { ...still, end: { state: "stopped", message: "Stopped by itself: no rig of this ring proved the release." } };
  }

  const settled_at_ms = rollout.ring_settled_at_ms ?? now_ms;
  if (now_ms - settled_at_ms < rollout.watch_s * 1000) return { ...still, ring_settled_at_ms: settled_at_ms };
  if (rollout.ring < RING_LAST) return { ...still, ring: rollout.ring + 1, ring_settled_at_ms: null };
  const count = (wanted: RolloutRigState) => rigs.filter(({ state }) => state === wanted).length;
  const away = count("waiting");
  const words = [
    `${rigCount(count("proved"))} proved it`,
    `${failures} failed`,
    ...(away > 0 ? [`${away} not connected, to follow`] : []),
  ];
  return { ...still, end: { state: "done", message: `${words.join(", ")}.` } };
}

function settleRig(rig: RolloutRigRow, target: number): { state: RolloutRigState; message: string | null } | null {
  const { state, command_state, command_message, release_number, retired } = rig;
  if (isSettled(state)) return null;
  if (retired) return { state: "skipped", message: "It was retired." };
  const runs = release_number !== null && release_number >= target;
  if (state === "waiting") return runs ? { state: "proved", message: "It ran the release already." } : null;
  switch (command_state) {
    case "proved":
      // The command is proved and the rig connected in either order.
      return runs ? { state: "proved", message: command_message } : null;
    case "failed":
    case "expired":
    case "cancelled":
      return runs
        ? { state: "proved", message: null }
        : { state: "failed", message: command_message ?? `The command ${command_state}.` };
    default:
      return null;
  }
}

/** By how much the updated rigs do less than before, all together; negative when they do more, null while there is nothing to compare. */
export function lostPercent(rigs: readonly RolloutRigRow[], now_ms: number): number | null {
  let before = 0;
  let after = 0;
  for (const { state, settled_at_ms, hashrate_before_hps, hashrate_hps, online, retired } of rigs) {
    if (state !== "proved" || retired || settled_at_ms === null || now_ms - settled_at_ms < SETTLE_MS) continue;
    before += hashrate_before_hps ?? 0;
    // One that did not mine before gains nothing for the others.
    if ((hashrate_before_hps ?? 0) > 0) after += online ? hashrate_hps : 0;
  }
  return before > 0 ? (1 - after / before) * 100 : null;
}

/** Which ring each of so many rigs is in, in their order: canaries, then up to a tenth of all, then the rest. */
export function ringSizes(rigs: number, canary_rigs: number): [number, number, number] {
  const canary = Math.min(rigs, canary_rigs);
  const tenth = Math.min(rigs - canary, Math.max(0, Math.ceil(rigs / 10) - canary));
  return [canary, tenth, rigs - canary - tenth];
}
