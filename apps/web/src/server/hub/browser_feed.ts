/**
 * What goes out to browsers, coalesced: figures at most twice a second, lists that changed at most twice a second (those that always
 * change less often), events at most two a second. Nothing is computed while nobody looks.
 */
import { type Changed, type LiveDto, type PoolEvent, TOPICS } from "@otedama/shared";
import type { Counters } from "../counters.ts";

type Topic = (typeof TOPICS)[number];

export interface BrowserFeedOptions {
  tick_ms: number;
  /** Live figures go out this often even when nothing changed, so that a screen knows that it is not behind. */
  heartbeat_ms: number;
  /** Least time between two notices that a list which changes all the time has changed. */
  restless_ms: number;
  events_max: number;
}

export interface BrowserAudience {
  size(): number;
  live(live: LiveDto): void;
  changed(changed: Changed): void;
  event(event: PoolEvent): void;
}

export class BrowserFeed {
  readonly #options: BrowserFeedOptions;
  readonly #read: () => LiveDto;
  readonly #counters: Counters;
  readonly #now: () => number;
  readonly #audiences: BrowserAudience[] = [];
  #dirty = false;
  #live_at_ms = 0;
  readonly #restless = new Set<Topic>();
  readonly #urgent = new Set<Topic>();
  readonly #told_at_ms = new Map<Topic, number>();
  #events: PoolEvent[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(options: BrowserFeedOptions, dependencies: { read: () => LiveDto; counters: Counters; now: () => number }) {
    this.#options = options;
    this.#read = dependencies.read;
    this.#counters = dependencies.counters;
    this.#now = dependencies.now;
  }

  addAudience(audience: BrowserAudience): void {
    this.#audiences.push(audience);
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), this.#options.tick_ms);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  read(): LiveDto {
    return this.#read();
  }

  /** Live figures have changed. */
  dirty(): void {
    this.#dirty = true;
  }

  /** Lists that change all the time. */
  changed(...topics: readonly Topic[]): void {
    for (const topic of topics) this.#restless.add(topic);
  }

  /** Lists in which something happened that a person waits for. */
  changedNow(...topics: readonly Topic[]): void {
    for (const topic of topics) this.#urgent.add(topic);
  }

  event(event: PoolEvent): void {
    this.#events.push(event);
    if (this.#events.length > this.#options.events_max) {
      this.#events.shift();
      this.#counters.add("hub_events_dropped");
    }
  }

  #tick(): void {
    const now_ms = this.#now();
    const listeners = this.#audiences.filter((audience) => audience.size() > 0);
    if (this.#dirty || now_ms - this.#live_at_ms >= this.#options.heartbeat_ms) {
      this.#dirty = false;
      this.#live_at_ms = now_ms;
      if (listeners.length > 0) {
        const live = this.#read();
        for (const audience of listeners) audience.live(live);
      }
    }
    const topics = this.#takeTopics(now_ms);
    if (topics.length > 0) for (const audience of listeners) audience.changed({ topics });
    const event = this.#events.shift();
    if (event !== undefined) for (const audience of listeners) audience.event(event);
  }

  #takeTopics(now_ms: number): Topic[] {
    for (const topic of this.#restless) {
      if (now_ms - (this.#told_at_ms.get(topic) ?? 0) >= this.#options.restless_ms) this.#urgent.add(topic);
    }
    const topics = TOPICS.filter((topic) => this.#urgent.has(topic));
    for (const topic of topics) {
      this.#restless.delete(topic);
      this.#told_at_ms.set(topic, now_ms);
    }
    this.#urgent.clear();
    return topics;
  }
}
