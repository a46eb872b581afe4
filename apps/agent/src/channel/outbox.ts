/**
 * What goes to the control plane, one thing at a time and the most urgent first: a slow or busy hub gets fewer messages, never a queue
 * in memory. Each source keeps its own until it is stored.
 */
import type { Sent } from "./channel.ts";
import { RateBound } from "./rate_bound.ts";

export interface OutboxItem {
  event: "telemetry" | "backlog" | "event" | "command" | "desired";
  body: object;
  stored(): void;
  /** The hub never wants it. */
  dropped(code: string, message: string): void;
}

/** Null when nothing waits. */
export type OutboxSource = () => OutboxItem | null;

export interface OutboxOptions {
  rate: { per_s: number; burst: number };
  first_wait_ms: number;
  wait_ms_max: number;
}

/** The hub takes one a second: it has ten thousand agents to hear after an outage. */
const BACKLOG_APART_MS = 1_200;

export const OUTBOX_OPTIONS: OutboxOptions = { rate: { per_s: 3, burst: 20 }, first_wait_ms: 1_000, wait_ms_max: 30_000 };

export interface OutboxDependencies {
  send: (event: OutboxItem["event"], body: object) => Promise<Sent>;
  isOpen: () => boolean;
  sources: readonly OutboxSource[];
  now_ms: () => number;
  random: () => number;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #dependencies: OutboxDependencies;
  readonly #rate: RateBound;
  #running = false;
  #timer: NodeJS.Timeout | null = null;
  #failures = 0;

  constructor(options: OutboxOptions, dependencies: OutboxDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#rate = new RateBound(options.rate);
  }

  /** Something waits, or the channel is open again. */
  wake(): void {
    if (this.#timer === null) void this.#run();
  }

  opened(): void {
    this.#failures = 0;
    this.#clear();
    this.wake();
  }

  stop(): void {
    this.#clear();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#dependencies.isOpen() && this.#timer === null) {
        const wait_ms = this.#rate.wait_ms(this.#dependencies.now_ms());
        if (wait_ms > 0) {
          this.#later(wait_ms);
          return;
        }
        const item = this.#next();
        if (item === null) return;
        this.#rate.take(this.#dependencies.now_ms());
        await this.#send(item);
      }
    } finally {
      this.#running = false;
    }
  }

  #next(): OutboxItem | null {
    for (const source of this.#dependencies.sources) {
      const item = source();
      if (item !== null) return item;
    }
    return null;
  }

  async #send(item: OutboxItem): Promise<void> {
    const sent = await this.#dependencies.send(item.event, item.body);
    if (sent.outcome === "again") {
      const { first_wait_ms, wait_ms_max } = this.#options;
      const wait_ms = Math.min(wait_ms_max, first_wait_ms * 2 ** Math.min(this.#failures, 16));
      this.#failures += 1;
      this.#later(wait_ms * (0.5 + this.#dependencies.random() / 2));
      return;
    }
    this.#failures = 0;
    if (sent.outcome === "stored") item.stored();
    else item.dropped(sent.code, sent.message);
    if (item.event === "backlog") this.#later(BACKLOG_APART_MS);
  }

  #later(wait_ms: number): void {
    this.#clear();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#run();
    }, wait_ms);
  }

  #clear(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
