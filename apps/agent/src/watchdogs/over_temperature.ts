/**
 * Too hot: hashing is thinned out step by step above the first limit, stopped at the second, and comes back below the first by a margin,
 * so that it does not flap. Pure; the time is handed in.
 */
import type { TemperatureLimits } from "../desired/plan.ts";

/** Below the first limit by so much, it gets better again. */
export const HYSTERESIS_C = 5;
const STEP = 0.75;
const THROTTLE_MIN = 0.1;
/** A heat sink needs its time to follow. */
const STEP_EVERY_MS = 15_000;
/** Once stopped, it stands for so long at least. */
const STOPPED_MIN_MS = 60_000;

export interface TemperatureVerdict {
  stopped: boolean;
  /** 0.1 … 1 of what is asked. */
  throttle: number;
  /** It got worse: to be counted and told. */
  worse: "throttled" | "stopped" | null;
  /** All is as before it got too hot. */
  recovered: boolean;
}

export class OverTemperature {
  #stopped_at_ms: number | null = null;
  #throttle = 1;
  #stepped_at_ms = Number.NEGATIVE_INFINITY;

  /** `temperature_c` null (no sensor) changes nothing, but a machine that was stopped without one stays so. */
  look(temperature_c: number | null, { throttle_c, stop_c }: TemperatureLimits, now_ms: number): TemperatureVerdict {
    const troubled = this.#stopped_at_ms !== null || this.#throttle < 1;
    let worse: TemperatureVerdict["worse"] = null;
    if (temperature_c !== null) {
      if (temperature_c >= stop_c && this.#stopped_at_ms === null) {
        this.#stopped_at_ms = now_ms;
        worse = "stopped";
      } else if (temperature_c >= throttle_c) {
        if (this.#throttle === 1) worse = "throttled";
        this.#step(STEP, now_ms);
      } else if (temperature_c <= throttle_c - HYSTERESIS_C) this.#recover(now_ms);
    }
    const stopped = this.#stopped_at_ms !== null;
    return { stopped, throttle: this.#throttle, worse, recovered: troubled && !stopped && this.#throttle === 1 };
  }

  #recover(now_ms: number): void {
    if (this.#stopped_at_ms === null) {
      this.#step(1 / STEP, now_ms);
      return;
    }
    if (now_ms - this.#stopped_at_ms < STOPPED_MIN_MS) return;
    this.#stopped_at_ms = null;
    // It was at full heat that it had to stop.
    this.#throttle = 0.5;
    this.#stepped_at_ms = now_ms;
  }

  #step(factor: number, now_ms: number): void {
    if (now_ms - this.#stepped_at_ms < STEP_EVERY_MS) return;
    this.#stepped_at_ms = now_ms;
    const next = this.#throttle * factor;
    this.#throttle = next > 0.95 ? 1 : Math.max(THROTTLE_MIN, next);
  }
}
