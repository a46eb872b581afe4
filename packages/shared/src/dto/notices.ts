/** What people are told of, and where. */
import { z } from "zod";
import { Count, UnixMs } from "../wire/common.ts";

export const NOTICE_KINDS = [
  "block_found",
  "block_confirmed",
  "block_orphaned",
  "block_rejected",
  "payout_sent",
  "payout_settled",
  "node_lost",
  "node_back",
  "database_behind",
  "database_back",
] as const;
export const NoticeKind = z.enum(NOTICE_KINDS);
export type NoticeKind = z.infer<typeof NoticeKind>;

/** What a miner may be told of, and can choose. */
export const MINER_NOTICES = {
  payouts: ["miner_payout_sent", "miner_payout_settled"],
  blocks: ["miner_block_credited", "miner_block_orphaned"],
  workers: ["miner_worker_offline"],
} as const;
export const MinerNoticeGroup = z.enum(["payouts", "blocks", "workers"]);
export type MinerNoticeGroup = z.infer<typeof MinerNoticeGroup>;

/** What goes to one miner and is about its account. The last two are not chosen: they are about the notices themselves. */
export const MINER_NOTICE_KINDS = [
  ...MINER_NOTICES.payouts,
  ...MINER_NOTICES.blocks,
  ...MINER_NOTICES.workers,
  "miner_settings_changed",
  "miner_confirm",
] as const;
export const MinerNoticeKind = z.enum(MINER_NOTICE_KINDS);
export type MinerNoticeKind = z.infer<typeof MinerNoticeKind>;

export const NOTICE_CHANNEL_KINDS = ["webhook", "email", "telegram", "discord"] as const;
export const NoticeChannelKind = z.enum(NOTICE_CHANNEL_KINDS);
export type NoticeChannelKind = z.infer<typeof NoticeChannelKind>;

export const NoticeChannelDto = z.strictObject({
  id: z.int(),
  kind: NoticeChannelKind,
  name: z.string(),
  enabled: z.boolean(),
  events: z.array(NoticeKind),
  /** What may be shown of where it goes: the webhook's host, the e-mail address, the chat. */
  target: z.string(),
  created_at_ms: UnixMs,
  waiting: Count,
  dead: Count,
  last_delivered_at_ms: UnixMs.nullable(),
});
export type NoticeChannelDto = z.infer<typeof NoticeChannelDto>;

export const NoticesDto = z.strictObject({
  channels: z.array(NoticeChannelDto),
  /** False while config.yaml names no mail server; then there is no e-mail channel to be had. */
  email_ready: z.boolean(),
});
export type NoticesDto = z.infer<typeof NoticesDto>;

const Name = z.string().trim().min(1, "must not be empty").max(64);
const Events = z
  .array(NoticeKind)
  .min(1, "must name at least one event")
  .max(NOTICE_KINDS.length)
  .refine((kinds) => new Set(kinds).size === kinds.length, "must not name an event twice");
const WebUrl = z.url({ protocol: /^https?$/, error: "must be an address such as https://example.org/hook" }).max(2_048);

/** Where a channel leads. Nothing of it but `target` ever comes back to a browser. */
export const NoticeDestination = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("webhook"), url: WebUrl }),
  z.strictObject({ kind: z.literal("email"), to: z.email("must be an e-mail address").max(254) }),
  z.strictObject({
    kind: z.literal("telegram"),
    token: z.string().regex(/^\d{1,20}:[A-Za-z0-9_-]{20,100}$/, "must be a bot's token, such as 123456:ABC-DEF…"),
    chat_id: z.string().regex(/^(-?\d{1,20}|@[A-Za-z0-9_]{4,64})$/, "must be a chat's number or @name"),
  }),
  z.strictObject({ kind: z.literal("discord"), url: WebUrl }),
]);
export type NoticeDestination = z.infer<typeof NoticeDestination>;

export const NewNoticeChannelInput = z.strictObject({ name: Name, events: Events, destination: NoticeDestination });
export type NewNoticeChannelInput = z.infer<typeof NewNoticeChannelInput>;
/** `signing_secret` is told this one time; null for channels that are not signed. */
export const NewNoticeChannelDto = z.strictObject({ id: z.int(), signing_secret: z.string().nullable() });
export type NewNoticeChannelDto = z.infer<typeof NewNoticeChannelDto>;
const ChannelId = z.int().min(1).max(2_147_483_647);
export const ChangeNoticeChannelInput = z.strictObject({ id: ChannelId, name: Name, events: Events, enabled: z.boolean() });
export const NoticeChannelInput = z.strictObject({ id: ChannelId });

/** What the other side really said. */
export const NoticeAnswerDto = z.strictObject({ delivered: z.boolean(), answer: z.string(), took_ms: z.number() });
export type NoticeAnswerDto = z.infer<typeof NoticeAnswerDto>;

export const NoticeDeliveryState = z.enum(["waiting", "delivered", "dead"]);
export type NoticeDeliveryState = z.infer<typeof NoticeDeliveryState>;
export const NoticeDeliveryDto = z.strictObject({
  id: z.int(),
  kind: z.union([NoticeKind, MinerNoticeKind]),
  subject: z.string(),
  at_ms: UnixMs,
  channel_id: z.int(),
  channel_name: z.string(),
  channel_kind: NoticeChannelKind,
  state: NoticeDeliveryState,
  attempts: Count,
  /** When it is tried next; null when it is not. */
  next_at_ms: UnixMs.nullable(),
  answer: z.string().nullable(),
  answered_at_ms: UnixMs.nullable(),
});
export type NoticeDeliveryDto = z.infer<typeof NoticeDeliveryDto>;
export const NoticeDeliveriesQuery = z.strictObject({
  state: NoticeDeliveryState.nullable().default(null),
  channel_id: ChannelId.nullable().default(null),
  page: z.int().min(1).max(100_000).default(1),
  page_size: z.int().min(1).max(200).default(50),
});
export const NoticeDeliveriesPage = z.strictObject({ total: Count, rows: z.array(NoticeDeliveryDto) });
export type NoticeDeliveriesPage = z.infer<typeof NoticeDeliveriesPage>;
/** Null tries all dead letters again. */
export const RetryNoticesInput = z.strictObject({ id: z.int().min(1).max(Number.MAX_SAFE_INTEGER).nullable() });
export const RetriedNoticesDto = z.strictObject({ retried: Count });
