/**
 * What records are owed by themselves, by share window and account. A window is of ten minutes: a share of a later ten minutes opens the next
 * one, and so does a share of a time more than ten minutes before it (a clock that was put back).
 */
import type { DueDelta, OpenWindow } from "@otedama/db/pool";
import { workHashes } from "@otedama/shared";
import type { ShareRecord } from "./log_format.ts";
import type { JudgeShare } from "./terms.ts";

export const SHARE_WINDOW_MS = 600_000;

export function collectDues(
  records: Iterable<ShareRecord>,
  from: OpenWindow,
  workerOf: (id: number) => number,
  judge: JudgeShare,
): { dues: DueDelta[]; window_to: OpenWindow } {
  const sums = new Map<string, DueDelta>();
  let window = from;
  for (const record of records) {
    if (record.result !== "accepted") continue;
    const { dues } = judge(record, workerOf(record.worker_id));
    if (!dues) continue;
    window = follow(window, record.at_ms - (record.at_ms % SHARE_WINDOW_MS));
    const work_hashes = workHashes(record.difficulty);
    for (const [index, due] of dues.entries()) {
      const key = `${window.number} ${due.account_id} ${due.policy_version}`;
      let sum = sums.get(key);
      if (!sum) {
        const { account_id, policy_version } = due;
        const window_at_ms = window.at_ms as number;
        sum = {
          window_number: window.number,
          window_at_ms,
          account_id,
          policy_version,
          shares: 0,
          work_hashes: 0n,
          due_units: 0n,
        };
        sums.set(key, sum);
      }
      sum.shares += 1;
      // A donation is no work of whom it goes to.
      if (index === 0) sum.work_hashes += work_hashes;
      sum.due_units += due.due_units;
    }
  }
  return { dues: [...sums.values()], window_to: window };
}

function follow(window: OpenWindow, at_ms: number): OpenWindow {
  if (window.at_ms === null) return { number: window.number, at_ms };
  if (at_ms > window.at_ms || at_ms < window.at_ms - SHARE_WINDOW_MS) return { number: window.number + 1n, at_ms };
  return window;
}
