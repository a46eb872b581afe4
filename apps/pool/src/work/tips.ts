/** Who hears of a new tip first, by which way, and how far the others are behind. Pure but for its own memory. */
import type { TipSignal } from "@otedama/shared";

const TIPS_KEPT = 32;
const LAGS_KEPT = 100;

interface Tip {
  first_at_ms: number;
  told_by: Set<string>;
}

interface Record {
  /** Infinity before it is watched. */
  since_ms: number;
  first: number;
  told: number;
  lags_ms: number[];
  by: { [signal in TipSignal]: number };
  last_by: TipSignal | null;
}

export class TipTimes {
  readonly #tips = new Map<string, Tip>();
  readonly #nodes = new Map<string, Record>();

  /** From here on the node is watched: what it hears of later than the others counts as lag. */
  watch(node: string, at_ms: number): void {
    this.#record(node).since_ms = at_ms;
  }

  /** The node has this tip. Only the first time counts; `at_ms` is of one monotonic clock for all nodes. */
  heard(node: string, hash: string, signal: TipSignal, at_ms: number): void {
    let tip = this.#tips.get(hash);
    if (!tip) {
      tip = { first_at_ms: at_ms, told_by: new Set() };
      this.#tips.set(hash, tip);
      for (const old of this.#tips.keys()) {
        if (this.#tips.size <= TIPS_KEPT) break;
        this.#tips.delete(old);
      }
    }
    if (tip.told_by.has(node)) return;
    tip.told_by.add(node);
    const record = this.#record(node);
    // A tip that was there before the node was watched says nothing about it.
    if (tip.first_at_ms <= record.since_ms) return;
    record.told += 1;
    if (tip.told_by.size === 1) record.first += 1;
    record.by[signal] += 1;
    record.last_by = signal;
    record.lags_ms.push(at_ms - tip.first_at_ms);
    if (record.lags_ms.length > LAGS_KEPT) record.lags_ms.shift();
  }

  of(node: string) {
    const { first, told, lags_ms, by, last_by } = this.#record(node);
    const sorted = [...lags_ms].sort((a, b) => a - b);
    return {
      first,
      told,
      lag_ms_last: lags_ms.at(-1) ?? null,
      lag_ms_p50: sorted[Math.floor((sorted.length - 1) / 2)] ?? null,
      by: { ...by },
      last_by,
    };
  }

  #record(node: string): Record {
    let record = this.#nodes.get(node);
    if (!record) {
      record = {
        since_ms: Number.POSITIVE_INFINITY,
        first: 0,
        told: 0,
        lags_ms: [],
        by: { zmq: 0, long_poll: 0, poll: 0 },
        last_by: null,
      };
      this.#nodes.set(node, record);
    }
    return record;
  }
}
