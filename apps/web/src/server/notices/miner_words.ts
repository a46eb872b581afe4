/** What a notice says to a miner: one sentence that stands alone, in the words of its page. */
import type { MinerNoticeKind } from "@otedama/shared";
import { formatSats, shortenHash } from "@otedama/shared/units";
import type { NoticeWords } from "./words.ts";

interface MinerNotice {
  kind: MinerNoticeKind;
  subject: string;
  details: Record<string, unknown>;
}

export function minerWordsOf({ kind, subject, details }: MinerNotice): NoticeWords {
  const account = text(details.account) ?? "your address";
  const path = `/m/${account}`;
  const block = `Block ${number(details.height) ?? ""} (${shortenHash(subject)})`;
  const part = `${coins(details.part_sats)} of its reward of ${coins(details.reward_sats)}`;
  const txid = text(details.txid);
  const payment = `${coins(details.paid_sats)} for ${account}${txid === null ? "" : `, transaction ${txid}`}`;
  switch (kind) {
    case "miner_payout_sent":
      return { title: "Payout sent", text: `A payout was sent: ${payment}.`, path };
    case "miner_payout_settled":
      return { title: "Payout settled", text: `A payout is deep enough in the chain: ${payment}.`, path };
    case "miner_block_credited":
      return {
        title: "Block found",
        text: `${block} was found, and ${part} are credited to ${account}. They can be paid out once the block is mature.`,
        path,
      };
    case "miner_block_orphaned":
      return {
        title: "Block orphaned",
        text: `${block} is no longer in the chain: ${part} were taken back from ${account}.`,
        path,
      };
    case "miner_worker_offline":
      return {
        title: "Worker offline",
        text: `${offline(details)} of ${account}: no connection, and no share for ten minutes.`,
        path,
      };
    case "miner_settings_changed":
      return {
        title: "Settings changed",
        text: `Settings of ${account} were changed by a message signed with its key: ${changes(details)}. If that was not you, somebody else has the key.`,
        path,
      };
    case "miner_confirm":
      return {
        title: "Confirm your e-mail address",
        text: `Whoever holds the key of ${account} asked this pool to send notices about that account to this address. Nothing more is sent unless you say yes within seven days. If you know nothing of it, do nothing.`,
        path,
      };
  }
}

function offline(details: Record<string, unknown>): string {
  const names = Array.isArray(details.names) ? details.names.filter((name) => typeof name === "string") : [];
  const count = number(details.workers) ?? names.length;
  const listed = names.join(", ") + (count > names.length ? ` and ${count - names.length} more` : "");
  return count === 1 ? `Worker ${listed} is offline` : `${count} workers are offline (${listed})`;
}

function changes(details: Record<string, unknown>): string {
  const { threshold_sats, email, webhook_url, notices } = details;
  const said = [
    ...(threshold_sats === undefined
      ? []
      : [threshold_sats === null ? "the threshold is the pool's" : `the threshold is ${coins(threshold_sats)}`]),
    ...(email === undefined ? [] : [`e-mail ${email}`]),
    ...(webhook_url === undefined ? [] : [`webhook ${webhook_url}`]),
    ...(Array.isArray(notices) ? [`notices: ${notices.length === 0 ? "none" : notices.join(", ")}`] : []),
  ];
  return said.join("; ");
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
const number = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);
const coins = (value: unknown): string =>
  Number.isSafeInteger(value) ? `${formatSats(value as number)} BTC` : "an unknown amount";
