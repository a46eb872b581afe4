import type { MiningObserver } from "../mining/mining.ts";
import type { EventLog } from "./event_log.ts";

/** What happens while mining, as far as an operator would want to read it: pools and faults, not each share. */
export function eventObserver(events: EventLog): MiningObserver {
  let mined_at: string | null = null;
  return {
    pool({ state, pool }) {
      if (state !== "mining" || pool === null || pool.url === mined_at) return;
      mined_at = pool.url;
      events.add("pool", "info", `mining for ${pool.url}`);
    },
    job: () => undefined,
    share({ result }) {
      // Stale ones are part of the trade, and lost connections are told by themselves.
      if (result.result === "accepted" || result.result === "stale" || result.result === "unanswered") return;
      events.add("share_fault", "warning", `a share was rejected as ${result.result} (${result.reason})`, "cpu0");
    },
    notice(level, text) {
      if (level === "warn") events.add("pool", "warning", text);
    },
  };
}
