import type { MinerNoticeKind, NoticeChannelDto, NoticeDeliveryDto, NoticeKind } from "@otedama/shared";
import { CircleCheck, Hourglass, type LucideIcon, Mail, MailX, MessagesSquare, Send, Webhook } from "lucide-react";
import type { Tone } from "@/components/ui/status.tsx";

export const NOTICE_WORDS: Readonly<Record<NoticeKind, string>> = {
  block_found: "Block found",
  block_confirmed: "Block confirmed",
  block_orphaned: "Block orphaned",
  block_rejected: "Block rejected",
  payout_sent: "Payout sent",
  payout_settled: "Payout settled",
  node_lost: "Node lost",
  node_back: "Node is back",
  database_behind: "Database behind",
  database_back: "Database is back",
};
/** What goes to miners themselves: seen here only when it could not be delivered. */
const MINER_NOTICE_WORDS: Readonly<Record<MinerNoticeKind, string>> = {
  miner_payout_sent: "Payout sent, to the miner",
  miner_payout_settled: "Payout settled, to the miner",
  miner_block_credited: "Block credited, to the miner",
  miner_block_orphaned: "Block orphaned, to the miner",
  miner_worker_offline: "Worker offline, to the miner",
  miner_settings_changed: "Settings changed, to the miner",
  miner_confirm: "E-mail to confirm, to the miner",
};
export const DELIVERED_WORDS: Readonly<Record<NoticeKind | MinerNoticeKind, string>> = {
  ...NOTICE_WORDS,
  ...MINER_NOTICE_WORDS,
};
export const NOTICE_CHOICES = (Object.keys(NOTICE_WORDS) as NoticeKind[]).map((kind) => ({
  value: kind,
  label: NOTICE_WORDS[kind],
}));

export const CHANNEL_LOOKS: Readonly<Record<NoticeChannelDto["kind"], { readonly word: string; readonly icon: LucideIcon }>> = {
  webhook: { word: "Webhook", icon: Webhook },
  email: { word: "E-mail", icon: Mail },
  telegram: { word: "Telegram", icon: Send },
  discord: { word: "Discord", icon: MessagesSquare },
};

export const DELIVERY_LOOKS: Readonly<
  Record<NoticeDeliveryDto["state"], { readonly tone: Tone; readonly icon: LucideIcon; readonly word: string }>
> = {
  waiting: { tone: "warn", icon: Hourglass, word: "Waiting" },
  delivered: { tone: "good", icon: CircleCheck, word: "Delivered" },
  dead: { tone: "bad", icon: MailX, word: "Given up" },
};
