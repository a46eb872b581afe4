/** What the miner's own counters say, read twice: whether it hashes. */
import { setTimeout as wait } from "node:timers/promises";
import type { Rig } from "../mining/rig.ts";

export interface CounterReading {
  hashes_before: number;
  hashes_after: number;
  over_ms: number;
}

export type CounterReader = (signal: AbortSignal) => Promise<CounterReading>;

/** A thread that searches moves its counter every few milliseconds; a second leaves a machine under load a wide margin. */
const APART_MS = 1_000;
const POLL_MS = 200;

export function counterReader(rig: Pick<Rig, "figures">): CounterReader {
  return async (signal) => {
    const before = rig.figures().hashes;
    const began_at_ms = performance.now();
    await wait(APART_MS, undefined, { signal });
    return { hashes_before: before, hashes_after: rig.figures().hashes, over_ms: Math.round(performance.now() - began_at_ms) };
  };
}

/** Reads until the counters stand still (or move), or until `signal` says that it is enough; the last reading either way. */
export async function readUntil(
  read: CounterReader,
  moving: boolean,
  signal: AbortSignal,
): Promise<CounterReading & { ok: boolean }> {
  let last: CounterReading = { hashes_before: 0, hashes_after: 0, over_ms: 0 };
  try {
    for (;;) {
      last = await read(signal);
      if (last.hashes_after > last.hashes_before === moving) return { ...last, ok: true };
      await wait(POLL_MS, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return { ...last, ok: false };
  }
}
