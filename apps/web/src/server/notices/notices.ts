/** Notices as one thing that starts and stops: channels with their secrets, live trouble, and the worker that delivers. */
import {
  type Actor,
  type ClaimedMinerDelivery,
  createNoticeChannel,
  getNoticeChannel,
  type NoticeChannelRow,
  type WebDatabase,
} from "@otedama/db/web";
import type {
  NewNoticeChannelDto,
  NewNoticeChannelInput,
  NoticeAnswerDto,
  NoticeDestination,
  SmtpSettings,
} from "@otedama/shared";
import type { Logger } from "pino";
import type { Sealer } from "../auth/seal.ts";
import type { Counters } from "../counters.ts";
import type { SealedChannel, Senders } from "./channels/channel.ts";
import { createDiscordSend } from "./channels/discord.ts";
import { createEmailSend } from "./channels/email.ts";
import { createTelegramSend } from "./channels/telegram.ts";
import { createWebhookSend } from "./channels/webhook.ts";
import { DeliveryWorker } from "./delivery_worker.ts";
import { LiveEvents } from "./live_events.ts";
import { MinerDeliveryWorker } from "./miner_delivery_worker.ts";
import { MinerLinks } from "./miner_links.ts";
import { type Answer, createPost } from "./post.ts";
import { newSigningSecret } from "./signature.ts";
import { createGuardedLookup, PrivateTargetError, type Resolve, requireAllowedHost } from "./targets.ts";
import type { Notice } from "./words.ts";

const PURPOSE = "notice channel";
const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 500;

export interface NoticesOptions {
  public_url: string;
  smtp: SmtpSettings | null;
  allow_private_targets: boolean;
  telegram_origin: string;
  /** Webhooks of Discord lead to one of these and nowhere else. */
  discord_origins: readonly string[];
  interval_ms: number;
  /** How often miners' workers that went away are looked for. */
  workers_ms: number;
  /** Seals the links in miners' e-mails. */
  secret: string;
}

export interface NoticesDependencies {
  database: WebDatabase;
  sealer: Sealer;
  resolve: Resolve;
  counters: Counters;
  log: Logger;
  now: () => number;
}

export class BadDestinationError extends Error {
  readonly field: string;
  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

export class Notices {
  readonly #options: NoticesOptions;
  readonly #dependencies: NoticesDependencies;
  readonly #senders: Senders;
  readonly #worker: DeliveryWorker;
  readonly #miner_worker: MinerDeliveryWorker;
  readonly miner_links: MinerLinks;
  readonly live: LiveEvents;

  constructor(options: NoticesOptions, dependencies: NoticesDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    const { database, counters, log, now, resolve } = dependencies;
    const allow_private = options.allow_private_targets;
    const post = createPost(
      { allow_private, timeout_ms: TIMEOUT_MS, answer_bytes_max: ANSWER_BYTES_MAX },
      { lookup: createGuardedLookup({ allow_private }, { resolve }) },
    );
    const public_url = options.public_url.replace(/\/$/, "");
    this.#senders = {
      webhook: createWebhookSend({ post, now }),
      email: createEmailSend({ smtp: options.smtp, public_url, timeout_ms: TIMEOUT_MS, answer_bytes_max: ANSWER_BYTES_MAX }),
      telegram: createTelegramSend({ origin: options.telegram_origin, public_url }, { post }),
      discord: createDiscordSend({ public_url }, { post }),
    };
    this.live = new LiveEvents(
      { waiting_max: 200, rate: { per_s: 1 / 20, burst: 30 }, behind_records: 10_000, behind_ms: 60_000 },
      { counters, now },
    );
    this.#worker = new DeliveryWorker(
      { interval_ms: options.interval_ms, events_max: 200, per_channel_max: 4, lease_s: 120 },
      {
        sql: database.sql,
        live: this.live,
        counters,
        log,
        send: (channel, notice, delivery) => this.#send(channel, notice, delivery),
      },
    );
    this.miner_links = new MinerLinks({ public_url, secret: options.secret });
    this.#miner_worker = new MinerDeliveryWorker(
      { interval_ms: options.interval_ms, workers_ms: options.workers_ms, events_max: 500, deliveries_max: 32, lease_s: 120 },
      { sql: database.sql, counters, log, now, send: (delivery) => this.#sendToMiner(delivery) },
    );
  }

  get email_ready(): boolean {
    return this.#options.smtp !== null;
  }

  start(): void {
    this.#worker.start();
    this.#miner_worker.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#worker.stop(), this.#miner_worker.stop()]);
  }

  /** Throws BadDestinationError. Null when there are as many channels as there may be. */
  async create(actor: Actor, { name, events, destination }: NewNoticeChannelInput): Promise<NewNoticeChannelDto | null> {
    const { database, sealer } = this.#dependencies;
    const target = this.#targetOf(destination);
    const signing_secret = destination.kind === "webhook" ? newSigningSecret() : null;
    const sealed: SealedChannel = destination.kind === "webhook" ? { ...destination, secret: signing_secret ?? "" } : destination;
    const id = await createNoticeChannel(database.prisma, actor, {
      kind: destination.kind,
      name,
      events,
      target,
      seal: (id) => sealer.seal(PURPOSE, String(id), JSON.stringify(sealed)),
    });
    return id === null ? null : { id, signing_secret };
  }

  /** Sends a test notice now and answers what the other side said. Null when there is no such channel. */
  async test(id: number): Promise<NoticeAnswerDto | null> {
    const { database, now } = this.#dependencies;
    const channel = await getNoticeChannel(database.sql, id);
    if (channel === null) return null;
    const began = performance.now();
    const notice: Notice = {
      kind: channel.events[0] ?? "block_found",
      subject: "0".repeat(64),
      at_ms: now(),
      details: { test: true, height: 0, reward_sats: 0, message: "This is a test." },
    };
    const { delivered, answer } = await this.#send(channel, notice, `test-${now()}`).catch((error: Error) => ({
      delivered: false,
      answer: error.message,
    }));
    return { delivered, answer, took_ms: Math.round(performance.now() - began) };
  }

  async #send(channel: NoticeChannelRow, notice: Notice, delivery: string): Promise<Answer> {
    const sealed = JSON.parse(
      this.#dependencies.sealer.open(PURPOSE, String(channel.id), channel.config_sealed),
    ) as SealedChannel;
    switch (sealed.kind) {
      case "webhook":
        return this.#senders.webhook(sealed, notice, delivery);
      case "email":
        return this.#senders.email(sealed, notice, delivery);
      case "telegram":
        return this.#senders.telegram(sealed, notice, delivery);
      case "discord":
        return this.#senders.discord(sealed, notice, delivery);
    }
  }

  async #sendToMiner(claimed: ClaimedMinerDelivery): Promise<Answer> {
    const { id, kind, subject, at_ms, details, channel_id, channel_kind, account_id, address, email, webhook_url } = claimed;
    const notice: Notice = { kind, subject, at_ms, details };
    const links = this.miner_links;
    if (channel_kind === "webhook") {
      if (webhook_url === null) return { delivered: false, answer: "The webhook is not set any more." };
      const secret = links.webhookSecret(channel_id, account_id);
      return this.#senders.webhook({ kind: "webhook", url: webhook_url, secret }, notice, String(id));
    }
    if (email === null) return { delivered: false, answer: "The e-mail address is not set any more." };
    const stop = links.token("stop", channel_id, account_id);
    notice.links = {
      confirm: kind === "miner_confirm" ? links.page("confirm", address, links.token("confirm", channel_id, account_id)) : null,
      stop: links.page("stop", address, stop),
      one_click: links.oneClick(address, stop),
    };
    return this.#senders.email({ kind: "email", to: email }, notice, String(id));
  }

  /** What may be shown of a destination. */
  #targetOf(destination: NoticeDestination): string {
    switch (destination.kind) {
      case "webhook":
        return this.#allowed(new URL(destination.url)).host;
      case "discord": {
        const url = new URL(destination.url);
        if (!this.#options.discord_origins.includes(url.origin) || !url.pathname.startsWith("/api/webhooks/")) {
          throw new BadDestinationError("destination.url", "must be a webhook of Discord: https://discord.com/api/webhooks/…");
        }
        return url.host;
      }
      case "telegram":
        return `chat ${destination.chat_id}`;
      case "email":
        if (!this.email_ready)
          throw new BadDestinationError("destination.kind", "e-mail needs a mail server: set notices.smtp in config.yaml");
        return destination.to;
    }
  }

  #allowed(url: URL): URL {
    if (url.username !== "" || url.password !== "") {
      throw new BadDestinationError(
        "destination.url",
        "must not hold a user or a password: receivers check the signature instead",
      );
    }
    try {
      requireAllowedHost(url, { allow_private: this.#options.allow_private_targets });
    } catch (error) {
      if (error instanceof PrivateTargetError)
        throw new BadDestinationError("destination.url", `must not lead there: ${error.message}`);
      throw error;
    }
    return url;
  }
}
