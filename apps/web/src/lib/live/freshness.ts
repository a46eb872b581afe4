import type { LiveDto } from "@otedama/shared";

export type Link = "connecting" | "connected" | "disconnected";

export type LiveState = {
  readonly link: Link;
  readonly live: LiveDto | null;
  /** By this browser's clock; null before the first push. */
  readonly received_at_ms: number | null;
};

export type Freshness =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** The control plane answers; no pool has ever reported to it. */
  | { readonly kind: "no_pool" }
  /** The control plane answers; the pool has been silent for a while. */
  | { readonly kind: "behind"; readonly age_s: number }
  | { readonly kind: "disconnected"; readonly age_s: number | null };

/** A pool reports once a second; five missed reports are worth a word. */
export const BEHIND_AFTER_S = 5;
/** From here on values are dimmed. */
export const STALE_AFTER_S = 10;

/**
 * How old what the screen shows is. The server's two times are compared with each other and the browser's two with each
 * other, never one with the other: their clocks may differ.
 */
export function freshness(state: LiveState, now_ms: number): Freshness {
  const here_s = state.received_at_ms === null ? null : Math.max(0, (now_ms - state.received_at_ms) / 1_000);
  const there_s =
    state.live === null || state.live.pool_seen_at_ms === null
      ? null
      : Math.max(0, (state.live.at_ms - state.live.pool_seen_at_ms) / 1_000);
  if (state.link === "disconnected") {
    return { kind: "disconnected", age_s: here_s === null ? null : here_s + (there_s ?? 0) };
  }
  if (here_s === null) return { kind: "connecting" };
  if (there_s === null) return { kind: "no_pool" };
  const age_s = here_s + there_s;
  return age_s > BEHIND_AFTER_S ? { kind: "behind", age_s } : { kind: "live" };
}

export const isStale = (fresh: Freshness): boolean =>
  (fresh.kind === "behind" && fresh.age_s > STALE_AFTER_S) || (fresh.kind === "disconnected" && (fresh.age_s ?? 0) > 0);
