/** What a notice says to a person. One sentence that stands alone: it is read on a phone, without a screen beside it. */
import { MINER_NOTICE_KINDS, type MinerNoticeKind, type NoticeKind } from "@otedama/shared";
import { formatSats, shortenHash } from "@otedama/shared/units";
import { minerWordsOf } from "./miner_words.ts";

export interface Notice {
  kind: NoticeKind | MinerNoticeKind;
  /** Block hash, batch number, node address: what it is about. */
  subject: string;
  at_ms: number;
  details: Record<string, unknown>;
  /** Of a miner's e-mail: what it is asked, and how it gets no more of them. */
  links?: { confirm: string | null; stop: string; one_click: string };
}

export interface NoticeWords {
  title: string;
  text: string;
  /** Part of the dashboard that tells more. */
  path: string;
}

const isMiners = (kind: Notice["kind"]): kind is MinerNoticeKind => (MINER_NOTICE_KINDS as readonly string[]).includes(kind);

export function wordsOf({ kind, subject, details }: Notice): NoticeWords {
  if (isMiners(kind)) return minerWordsOf({ kind, subject, details });
  const height = number(details.height);
  const block = `Block ${height ?? ""} (${shortenHash(subject)})`;
  const path = `/blocks/${subject}`;
  const message = typeof details.message === "string" && details.message !== "" ? ` ${details.message}` : "";
  switch (kind) {
    case "block_found":
      return {
        title: "Block found",
        text: `${block} was found. Reward ${coins(details.reward_sats)}, effort ${percent(details.effort)}.`,
        path,
      };
    case "block_confirmed":
      return {
        title: "Block confirmed",
        text: `${block} is mature. Its reward of ${coins(details.reward_sats)} is now owed to the miners.`,
        path,
      };
    case "block_orphaned":
      return {
        title: "Block orphaned",
        text: `${block} is no longer in the chain. Its credits of ${coins(details.reward_sats)} were taken back.`,
        path,
      };
    case "block_rejected":
      return {
        title: "Block rejected",
        text: `${block} was refused by the nodes${typeof details.note === "string" ? `: ${details.note}` : ""}.`,
        path,
      };
    case "payout_sent":
      return {
        title: "Payout sent",
        text: `Payout ${subject} was sent: ${coins(details.amount_sats)} to ${number(details.accounts) ?? "?"} accounts${transaction(details.txid)}.`,
        path: "/balances",
      };
    case "payout_settled":
      return {
        title: "Payout settled",
        text: `Payout ${subject} is deep enough in the chain: ${coins(details.amount_sats)}${transaction(details.txid)}.`,
        path: "/balances",
      };
    case "node_lost":
      return { title: "Node lost", text: `The pool cannot reach the chain node ${subject}.${message}`, path: "/" };
    case "node_back":
      return { title: "Node is back", text: `The pool reaches the chain node ${subject} again.`, path: "/" };
    case "database_behind":
      return {
        title: "Database behind",
        text: `The database does not keep up.${message} Shares are safe in the log meanwhile.`,
        path: "/",
      };
    case "database_back":
      return { title: "Database is back", text: "The database keeps up again.", path: "/" };
  }
}

const number = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);
const coins = (value: unknown): string =>
  Number.isSafeInteger(value) ? `${formatSats(value as number)} BTC` : "an unknown amount";
const percent = (value: unknown): string => `${Math.round((number(value) ?? 0) * 100)} %`;
const transaction = (value: unknown): string => (typeof value === "string" ? `, transaction ${value}` : "");
