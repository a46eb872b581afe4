/** What runs add up to. */
import { formatSats } from "@otedama/shared/units";
import type { RunResult } from "./run.ts";
import { FAULT_KINDS, type FaultKind } from "./schedule.ts";

export class Report {
  readonly #made = new Map<FaultKind, number>();
  readonly #impossible = new Map<string, string>();
  #runs = 0;
  #shares = 0;
  #unanswered = 0;
  #blocks = 0;
  #orphaned = 0;
  #batches = 0;
  #paid_sats = 0n;
  failures = 0;

  add(result: RunResult): void {
    this.#runs += 1;
    if (result.problems.length > 0) this.failures += 1;
    for (const [kind, count] of result.made) this.#made.set(kind, (this.#made.get(kind) ?? 0) + count);
    for (const [kind, why] of result.impossible) this.#impossible.set(kind, why);
    this.#shares += result.shares.accepted;
    this.#unanswered += result.shares.unanswered;
    this.#blocks += result.blocks.in_chain;
    this.#orphaned += result.blocks.orphaned;
    this.#batches += result.payouts.batches;
    this.#paid_sats += result.payouts.paid_sats;
  }

  /** A run that did not come to its end. */
  fail(): void {
    this.#runs += 1;
    this.failures += 1;
  }

  lineOf(result: RunResult): string {
    const { shares, blocks, payouts, took_ms, problems, made } = result;
    const faults = [...made.values()].reduce((sum, count) => sum + count, 0);
    const seconds = (ms: number) => (ms / 1000).toFixed(1);
    const took = `${seconds(took_ms.start)} + ${seconds(took_ms.faults)} + ${seconds(took_ms.settle)} + ${seconds(took_ms.check)} s`;
    const verdict = problems.length === 0 ? "✓" : `✗ ${problems.length} problem(s):`;
    return `${verdict} ${faults} faults, ${shares.accepted} shares accepted (${shares.unanswered} unanswered), ${blocks.in_chain} blocks (${blocks.orphaned} orphaned), ${payouts.batches} payouts of ${formatSats(payouts.paid_sats)} BTC, ${took}`;
  }

  summary(): string {
    const made = FAULT_KINDS.map((kind) => {
      const why = this.#impossible.get(kind);
      return `  ${kind.padEnd(16)} ${String(this.#made.get(kind) ?? 0).padStart(5)}${why ? `  not possible here: ${why}` : ""}`;
    });
    const sums = `${this.#shares} shares accepted (${this.#unanswered} unanswered), ${this.#blocks} blocks (${this.#orphaned} orphaned), ${this.#batches} payouts of ${formatSats(this.#paid_sats)} BTC`;
    return [`${this.#runs} run(s), ${this.failures} with wrong books; ${sums}; faults:`, ...made].join("\n");
  }
}
