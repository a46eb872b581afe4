import { describe, expect, test } from "vitest";
import { COALESCE_MS, createRefetcher, REFETCH_GAP_MS, type Topic } from "../../src/lib/live/refetch.ts";

function bench() {
  let now_ms = 10_000;
  let hidden = false;
  const timers: { at_ms: number; run: () => void }[] = [];
  const fetched: { at_ms: number; topics: Topic[] }[] = [];
  const refetcher = createRefetcher(
    { hidden: () => hidden },
    {
      now_ms: () => now_ms,
      later: (run, delay_ms) => timers.push({ at_ms: now_ms + delay_ms, run }),
      refetch: (topics) => fetched.push({ at_ms: now_ms, topics: [...topics].sort() }),
    },
  );
  return {
    refetcher,
    fetched,
    hide: (is: boolean) => {
      hidden = is;
    },
    advance(ms: number) {
      const end_ms = now_ms + ms;
      for (;;) {
        const due = timers.filter((timer) => timer.at_ms <= end_ms).sort((a, b) => a.at_ms - b.at_ms)[0];
        if (due === undefined) break;
        timers.splice(timers.indexOf(due), 1);
        now_ms = due.at_ms;
        due.run();
      }
      now_ms = end_ms;
    },
  };
}

describe("fetching again what changed", () => {
  test("changes that come together are one fetch, each list once", () => {
    const { refetcher, fetched, advance } = bench();
    refetcher.changed(["blocks"]);
    refetcher.changed(["overview", "blocks"]);
    advance(COALESCE_MS);
    expect(fetched).toEqual([{ at_ms: 10_000 + COALESCE_MS, topics: ["blocks", "overview"] }]);
  });

  test("a list that changes all the time is fetched no more often than the gap, and the last change is not lost", () => {
    const { refetcher, fetched, advance } = bench();
    for (let step = 0; step < 100; step += 1) {
      refetcher.changed(["workers"]);
      advance(100);
    }
    advance(REFETCH_GAP_MS);
    expect(fetched.length).toBeGreaterThanOrEqual(5);
    expect(fetched.length).toBeLessThanOrEqual(6);
    for (const [index, one] of fetched.entries()) {
      if (index > 0) expect(one.at_ms - (fetched[index - 1]?.at_ms ?? 0)).toBeGreaterThanOrEqual(REFETCH_GAP_MS);
    }
  });

  test("nothing is fetched while nobody looks; one fetch makes up for it", () => {
    const { refetcher, fetched, hide, advance } = bench();
    hide(true);
    refetcher.changed(["blocks"]);
    refetcher.changed(["rigs"]);
    advance(60_000);
    expect(fetched).toEqual([]);
    hide(false);
    refetcher.resume();
    advance(COALESCE_MS);
    expect(fetched.map((one) => one.topics)).toEqual([["blocks", "rigs"]]);
  });
});
