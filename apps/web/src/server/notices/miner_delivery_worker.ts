/**
 * Carries to miners what is about their accounts. Apart from the operator's deliveries, so that no miner's webhook, however slow, holds
 * one of those up; one notice of each miner at a time.
 */
import {
  type ClaimedMinerDelivery,
  claimMinerDeliveries,
  finishDelivery,
  isDatabaseAway,
  routeMinerNotices,
  type Sql,
  stopDeadMinerChannel,
  writeOfflineWorkers,
} from "@otedama/db/web";
import type { Logger } from "pino";
import type { Counters } from "../counters.ts";
import { retryAfter } from "./backoff.ts";
import type { Answer } from "./post.ts";

export interface MinerDeliveryWorkerOptions {
  interval_ms: number;
  /** How often workers that went away are looked for. */
  workers_ms: number;
  events_max: number;
  deliveries_max: number;
  /** Longer than any try takes. */
  lease_s: number;
}

export interface MinerDeliveryWorkerDependencies {
  sql: Sql;
  send: (delivery: ClaimedMinerDelivery) => Promise<Answer>;
  counters: Counters;
  log: Logger;
  now: () => number;
}

export class MinerDeliveryWorker {
  readonly #options: MinerDeliveryWorkerOptions;
  readonly #dependencies: MinerDeliveryWorkerDependencies;
  #workers_at_ms = 0;
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: MinerDeliveryWorkerOptions, dependencies: MinerDeliveryWorkerDependencies) {
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

  /** Never throws. */
  async round(): Promise<void> {
    const { sql, log, now } = this.#dependencies;
    const { workers_ms, events_max } = this.#options;
    try {
      if (now() - this.#workers_at_ms >= workers_ms) {
        await writeOfflineWorkers(sql);
        this.#workers_at_ms = now();
      }
      while ((await routeMinerNotices(sql, events_max)) === events_max && !this.#stopped);
      await Promise.all((await claimMinerDeliveries(sql, this.#options)).map((delivery) => this.#deliver(delivery)));
    } catch (error) {
      if (!isDatabaseAway(error)) log.error({ err: error }, "miners' notices could not be delivered");
    }
  }

  async #deliver(delivery: ClaimedMinerDelivery): Promise<void> {
    const { sql, counters } = this.#dependencies;
    const { delivered, answer, wait_s } = await this.#send(delivery);
    counters.add(delivered ? "miner_notices_delivered" : "miner_notices_failed");
    const retry_s = delivered ? null : retryAfter(delivery.attempts, wait_s);
    await finishDelivery(sql, delivery.id, { delivered, answer, retry_s });
    if (!delivered && retry_s === null) await stopDeadMinerChannel(sql, delivery.channel_id);
  }

  async #send(delivery: ClaimedMinerDelivery): Promise<Answer> {
    try {
      return await this.#dependencies.send(delivery);
    } catch (error) {
      this.#dependencies.log.error({ err: error, channel: delivery.channel_id }, "a miner's notice could not be made");
      return { delivered: false, answer: (error as Error).message };
    }
  }
}
