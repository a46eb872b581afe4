/**
 * Trouble that no row of the database tells of: lost nodes, and the database itself. Events wait in memory, bounded, until they are written
 * to the outbox. One about the database cannot wait for the database: it goes straight to the channels that were known last, and is
 * written down afterwards with those it reached.
 */
import type { LiveNotice } from "@otedama/db/web";
import type { NoticeKind, PartHealth, PoolEvent, PoolSnapshot } from "@otedama/shared";
import type { Counters } from "../counters.ts";
import { RateBound } from "../hub/rate_bound.ts";

export interface LiveEventsOptions {
  waiting_max: number;
  /** A part that comes and goes all the time is told of this often. */
  rate: { per_s: number; burst: number };
  /** Share records behind which, for `behind_ms`, the database counts as behind. */
  behind_records: number;
  behind_ms: number;
}

export interface WaitingNotice extends LiveNotice {
  told: { channel_id: number; answer: string }[];
  /** Was sent without the database already. */
  tried_directly: boolean;
}

const KINDS: Partial<Record<PoolEvent["kind"], NoticeKind>> = {
  node_down: "node_lost",
  node_up: "node_back",
  database_down: "database_behind",
  database_up: "database_back",
};

export class LiveEvents {
  readonly #options: LiveEventsOptions;
  readonly #counters: Counters;
  readonly #now: () => number;
  readonly #rate: RateBound;
  readonly #behind = new Map<string, { since_ms: number; told: boolean }>();
  #down_told = false;
  waiting: WaitingNotice[] = [];

  constructor(options: LiveEventsOptions, dependencies: { counters: Counters; now: () => number }) {
    this.#options = options;
    this.#counters = dependencies.counters;
    this.#now = dependencies.now;
    this.#rate = new RateBound(options.rate, dependencies.now());
  }

  poolEvent(instance_id: string, event: PoolEvent): void {
    const kind = KINDS[event.kind];
    if (kind !== undefined) this.#add(kind, `${instance_id}:${event.subject}`, event.subject, event.at_ms, event.message);
  }

  /** A log that grows faster than the database takes it in. */
  poolSnapshot(instance_id: string, snapshot: PoolSnapshot): void {
    const lag_records = snapshot.accounting_lag_records;
    const before = this.#behind.get(instance_id);
    const now_ms = this.#now();
    if (lag_records < this.#options.behind_records) {
      this.#behind.delete(instance_id);
      if (before?.told === true) this.#add("database_back", `${instance_id}:lag`, instance_id, now_ms, "");
    } else if (before === undefined) {
      this.#behind.set(instance_id, { since_ms: now_ms, told: false });
    } else if (!before.told && now_ms - before.since_ms >= this.#options.behind_ms) {
      before.told = true;
      const message = `${lag_records} shares of ${instance_id} are not yet in it.`;
      this.#add("database_behind", `${instance_id}:lag`, instance_id, now_ms, message);
    }
  }

  poolGone(instance_id: string): void {
    this.#behind.delete(instance_id);
  }

  /** As the control plane itself sees the database. */
  database(health: PartHealth): void {
    if (health.state === "down" && !this.#down_told) {
      this.#down_told = true;
      this.#add("database_behind", "dashboard", "dashboard", this.#now(), health.message ?? "");
    } else if (health.state !== "down" && this.#down_told) {
      this.#down_told = false;
      this.#add("database_back", "dashboard", "dashboard", this.#now(), "");
    }
  }

  #add(kind: NoticeKind, cause: string, subject: string, at_ms: number, message: string): void {
    if (this.waiting.length >= this.#options.waiting_max || !this.#rate.take(this.#now())) {
      this.#counters.add("notices_dropped");
      return;
    }
    const details = message === "" ? {} : { message };
    this.waiting.push({ kind, key: `${kind}:${cause}:${at_ms}`, subject, at_ms, details, told: [], tried_directly: false });
  }
}
