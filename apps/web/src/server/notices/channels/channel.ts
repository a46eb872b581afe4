import type { NoticeChannelKind, NoticeDestination } from "@otedama/shared";
import type { Answer } from "../post.ts";
import type { Notice } from "../words.ts";

/** What is kept sealed of a channel: where it leads, and what a webhook is signed with. */
export type SealedChannel =
  | (Extract<NoticeDestination, { kind: "webhook" }> & { secret: string })
  | Exclude<NoticeDestination, { kind: "webhook" }>;

/** Sends one notice. Never throws for what the other side does: that is its answer. `delivery` stays the same over all tries. */
export type Send<Kind extends NoticeChannelKind> = (
  to: Extract<SealedChannel, { kind: Kind }>,
  notice: Notice,
  delivery: string,
) => Promise<Answer>;

export type Senders = { readonly [Kind in NoticeChannelKind]: Send<Kind> };

/** Longest text that every chat takes. */
export const CHAT_TEXT_MAX = 1_900;
