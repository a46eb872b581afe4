import type { Changed } from "@otedama/shared";

export type Topic = Changed["topics"][number];

export type RefetchTimers = {
  readonly now_ms: () => number;
  readonly later: (run: () => void, delay_ms: number) => unknown;
};

/** Changes that come close together are fetched once; the same list is fetched again no sooner than this. */
export const REFETCH_GAP_MS = 2_000;
export const COALESCE_MS = 250;

/**
 * Turns "these lists changed" into as few fetches as will do. Held back while the page is hidden; `resume` lets go of what
 * has gathered.
 */
export function createRefetcher(
  options: { readonly hidden: () => boolean },
  dependencies: RefetchTimers & { readonly refetch: (topics: readonly Topic[]) => void },
) {
  const waiting = new Set<Topic>();
  let last_ms = Number.NEGATIVE_INFINITY;
  let planned = false;

  function flush(): void {
    planned = false;
    if (options.hidden() || waiting.size === 0) return;
    const topics = [...waiting];
    waiting.clear();
    last_ms = dependencies.now_ms();
    dependencies.refetch(topics);
  }

  function plan(): void {
    if (planned || options.hidden()) return;
    planned = true;
    dependencies.later(flush, Math.max(COALESCE_MS, last_ms + REFETCH_GAP_MS - dependencies.now_ms()));
  }

  return {
    changed(topics: readonly Topic[]): void {
      for (const topic of topics) waiting.add(topic);
      plan();
    },
    resume(): void {
      if (waiting.size > 0) plan();
    },
  };
}
