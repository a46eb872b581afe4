import type { LiveDto, ProvisionNews } from "@otedama/shared";
import type { Link, LiveState } from "./freshness.ts";

/** What was pushed last, for components to subscribe to. */
export function createLiveStore() {
  let state: LiveState = { link: "connecting", live: null, received_at_ms: null };
  const listeners = new Set<() => void>();
  const hearers = new Set<(news: ProvisionNews) => void>();
  const set = (next: LiveState): void => {
    state = next;
    for (const listener of listeners) listener();
  };
  return {
    get: (): LiveState => state,
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    pushed: (live: LiveDto): void => set({ link: "connected", live, received_at_ms: Date.now() }),
    /** What is told once and kept by whoever hears it. */
    onProvision(hear: (news: ProvisionNews) => void): () => void {
      hearers.add(hear);
      return () => hearers.delete(hear);
    },
    provision(news: ProvisionNews): void {
      for (const hear of hearers) hear(news);
    },
    link: (link: Link): void => set({ ...state, link }),
  };
}
export type LiveStore = ReturnType<typeof createLiveStore>;
