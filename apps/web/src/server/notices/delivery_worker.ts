/**
 * Carries events from the outbox to where people want them. At least once: what was sent and not yet written down when the process died is
 * sent again, with the same delivery number. Each round takes a few of every channel, so that a slow one holds up nobody else.
 */
import {
  claimDeliveries,
  finishDelivery,
  isDatabaseAway,
  type NoticeChannelRow,
  openNoticeChannels,
  routeNotices,
  type Sql,
  writeNotice,
} from "@otedama/db/web";
import type { Logger } from "pino";
import type { Counters } from "../counters.ts";
import { retryAfter } from "./backoff.ts";
import type { LiveEvents } from "./live_events.ts";
import type { Answer } from "./post.ts";
import type { Notice } from "./words.ts";

export interface DeliveryWorkerOptions {
  interval_ms: number;
  events_max: number;
  per_channel_max: number;
  /** Longer than any try takes. */
  lease_s: number;
}

export interface DeliveryWorkerDependencies {
  sql: Sql;
  live: LiveEvents;
  send: (channel: NoticeChannelRow, notice: Notice, delivery: string) => Promise<Answer>;
  counters: Counters;
  log: Logger;
}

export class DeliveryWorker {
  readonly #options: DeliveryWorkerOptions;
  readonly #dependencies: DeliveryWorkerDependencies;
  /** As they were when the database answered last. */
  #channels: NoticeChannelRow[] = [];
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: DeliveryWorkerOptions, dependencies: DeliveryWorkerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  start(): void {
    this.#again(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#round;
  }

  #again(wait_ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#round = this.round().finally(() => this.#again(this.#options.interval_ms));
    }, wait_ms);
  }

  /** One look at everything that waits. Never throws. */
  async round(): Promise<void> {
    const { sql, log } = this.#dependencies;
    try {
      this.#channels = await openNoticeChannels(sql);
      await this.#writeLive();
      while ((await routeNotices(sql, this.#options.events_max)) === this.#options.events_max && !this.#stopped);
      const claimed = await claimDeliveries(sql, this.#options);
      await Promise.all(
        claimed.map(async ({ id, attempts, channel, ...notice }) =>
          this.#finish(id, attempts, await this.#send(channel, notice, String(id))),
        ),
      );
    } catch (error) {
      if (isDatabaseAway(error)) await this.#tellDirectly();
      else log.error({ err: error }, "notices could not be delivered");
    }
  }

  async #finish(id: number, attempts: number, { delivered, answer, wait_s }: Answer): Promise<void> {
    const { sql, counters } = this.#dependencies;
    counters.add(delivered ? "notices_delivered" : "notices_failed");
    await finishDelivery(sql, id, { delivered, answer, retry_s: delivered ? null : retryAfter(attempts, wait_s) });
  }

  async #send(channel: NoticeChannelRow, notice: Notice, delivery: string): Promise<Answer> {
    try {
      return await this.#dependencies.send(channel, notice, delivery);
    } catch (error) {
      this.#dependencies.log.error({ err: error, channel: channel.id }, "a notice could not be made");
      return { delivered: false, answer: (error as Error).message };
    }
  }

  async #writeLive(): Promise<void> {
    const { live, sql } = this.#dependencies;
    while (live.waiting[0] !== undefined) {
      await writeNotice(sql, live.waiting[0]);
      live.waiting.shift();
    }
  }

  /** While the database is away: what is about the database, once, to the channels that were known. */
  async #tellDirectly(): Promise<void> {
    for (const notice of this.#dependencies.live.waiting) {
      if (notice.tried_directly || notice.kind !== "database_behind") continue;
      notice.tried_directly = true;
      const wanted = this.#channels.filter((channel) => channel.events.includes(notice.kind));
      await Promise.all(
        wanted.map(async (channel) => {
          const { delivered, answer } = await this.#send(channel, notice, notice.key);
          this.#dependencies.counters.add(delivered ? "notices_delivered" : "notices_failed");
          if (delivered) notice.told.push({ channel_id: channel.id, answer });
        }),
      );
    }
  }
}
