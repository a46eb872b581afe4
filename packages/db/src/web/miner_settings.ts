/** What a miner set for its account by a message that its key signed, and the channels of its notices that follow from it. */
import { createHash } from "node:crypto";
import { MINER_NOTICES, type MinerChannelState, type MinerNoticeGroup, type MinerSettingsDto, PoolPolicy } from "@otedama/shared";
import { type Database, transaction } from "../pool/connect.ts";
import { writeAudit } from "./audit.ts";
import type { Sql } from "./database.ts";

export interface MailFact {
  /** Whether this pool can send e-mail. */
  email_ready: boolean;
}

interface SettingsRow {
  threshold_sats: number | null;
  email: MinerChannelState;
  webhook: MinerChannelState;
  notices: MinerNoticeGroup[];
  updated_at_ms: number | null;
}

export async function readMinerSettings(sql: Sql, account_id: number, { email_ready }: MailFact): Promise<MinerSettingsDto> {
  const [own, payouts] = await Promise.all([
    sql.query<SettingsRow>(
      `SELECT s.threshold_sats, s.notices, s.updated_at AS updated_at_ms,
         CASE WHEN s.email IS NULL THEN 'none' WHEN NOT e.enabled THEN 'stopped' WHEN e.confirmed_at IS NOT NULL THEN 'on' ELSE 'unconfirmed' END AS email,
         CASE WHEN s.webhook_url IS NULL THEN 'none' WHEN w.enabled THEN 'on' ELSE 'stopped' END AS webhook
         FROM account_setting s
         LEFT JOIN notice_channel e ON e.account_id = s.account_id AND e.kind = 'email' AND e.removed_at IS NULL
         LEFT JOIN notice_channel w ON w.account_id = s.account_id AND w.kind = 'webhook' AND w.removed_at IS NULL
        WHERE s.account_id = $1`,
      [account_id],
    ),
    readPayoutPolicy(sql),
  ]);
  return {
    threshold_sats: null,
    email: "none",
    webhook: "none",
    notices: ["payouts", "blocks", "workers"],
    updated_at_ms: null,
    ...own.rows[0],
    email_ready,
    pool_threshold_sats: payouts?.threshold_sats ?? null,
    threshold_min_sats: payouts?.threshold_min_sats ?? null,
  };
}

async function readPayoutPolicy(sql: Sql): Promise<PoolPolicy["payouts"] | null> {
  const { rows } = await sql.query<{ policy: unknown }>("SELECT policy FROM pool_policy ORDER BY version DESC LIMIT 1");
  const policy = PoolPolicy.safeParse(rows[0]?.policy);
  return policy.success ? policy.data.payouts : null;
}

/** E-mail addresses that one account may try in a day, and accounts that one address may be asked about. */
export const EMAILS_PER_DAY_MAX = 3;

/** Somebody is asked for confirmation too often. */
export class TooManyEmailsError extends Error {
  override name = "TooManyEmailsError";
}

export interface SignedChange {
  account_id: number;
  address: string;
  nonce: string;
  expires_at_ms: number;
  /** Undefined stays as it is. */
  change: {
    threshold_sats?: number | null | undefined;
    email?: string | null | undefined;
    webhook_url?: string | null | undefined;
    notices?: readonly MinerNoticeGroup[] | undefined;
  };
}

/**
 * Writes what was signed, its audit line, the channels that follow from it and that its challenge is used, all or nothing. Null when the
 * challenge was used before; otherwise the webhook's channel where the change made one. Throws a TooManyEmailsError.
 */
export function applySignedChange(
  database: Database,
  { account_id, address, nonce, expires_at_ms, change }: SignedChange,
): Promise<{ webhook_channel_id: number | null } | null> {
  const { threshold_sats, email, webhook_url, notices } = change;
  return transaction(database, async (tx) => {
    await tx.query("DELETE FROM setting_challenge WHERE expires_at < now() - interval '1 day'");
    const used = await tx.query(
      `INSERT INTO setting_challenge (nonce, account_id, expires_at) VALUES ($1, $2, to_timestamp($3::float8 / 1000))
       ON CONFLICT (nonce) DO NOTHING`,
      [nonce, account_id, expires_at_ms],
    );
    if (used.rowCount === 0) return null;
    await tx.query("INSERT INTO account_setting (account_id) VALUES ($1) ON CONFLICT (account_id) DO NOTHING", [account_id]);
    const before = await tx.query<{ threshold_sats: number | null; notices: MinerNoticeGroup[] }>(
      "SELECT threshold_sats, notices FROM account_setting WHERE account_id = $1 FOR UPDATE",
      [account_id],
    );
    const was = before.rows[0] as (typeof before.rows)[number];
    const groups = notices ?? was.notices;
    await tx.query(
      `UPDATE account_setting SET updated_at = now(), notices = $2, threshold_sats = CASE WHEN $3 THEN $4::bigint ELSE threshold_sats END,
         email = CASE WHEN $5 THEN $6::text ELSE email END, webhook_url = CASE WHEN $7 THEN $8::text ELSE webhook_url END WHERE account_id = $1`,
      [
        account_id,
        groups,
        threshold_sats !== undefined,
        threshold_sats ?? null,
        email !== undefined,
        email ?? null,
        webhook_url !== undefined,
        webhook_url ?? null,
      ],
    );
    const told = (value: string | null | undefined) => (value === undefined ? undefined : value === null ? "removed" : "set");
    const changed = { email: told(email), webhook_url: told(webhook_url), notices };
    const written = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined));
    await writeAudit(
      tx,
      { id: "miner", address: null },
      {
        action: "miner.settings",
        subject: `account:${address}`,
        details: {
          ...(threshold_sats === undefined ? {} : { threshold_sats: { before: was.threshold_sats, after: threshold_sats } }),
          ...written,
        },
      },
    );
    const events = eventsOf(groups);
    await tx.query("UPDATE notice_channel SET events = $2, updated_at = now() WHERE account_id = $1 AND removed_at IS NULL", [
      account_id,
      events,
    ]);
    const channel = { account_id, address, events };
    if (email !== undefined) await replaceEmail(tx, channel, email);
    const webhook_channel_id =
      webhook_url === undefined ? null : await replaceChannel(tx, { ...channel, kind: "webhook" }, webhook_url);
    await tx.query(
      `INSERT INTO notice_event (kind, key, subject, at, details, account_id)
       SELECT 'miner_settings_changed', 'miner_settings_changed:' || $2::text, $3, now(), $4, $1
        WHERE EXISTS (SELECT 1 FROM notice_channel WHERE account_id = $1 AND removed_at IS NULL AND enabled)`,
      [
        account_id,
        nonce,
        address,
        JSON.stringify({ account: address, ...written, ...(threshold_sats === undefined ? {} : { threshold_sats }) }),
      ],
    );
    return { webhook_channel_id };
  });
}

function eventsOf(groups: readonly MinerNoticeGroup[]): string[] {
  return ["miner_settings_changed", ...groups.flatMap((group) => [...MINER_NOTICES[group]])];
}

interface NewChannel {
  account_id: number;
  address: string;
  events: string[];
}

/** What is kept beside the channel in place of where it leads: enough to see that it is the same. */
function fingerprint(target: string): string {
  return `sha256:${createHash("sha256").update(target, "utf8").digest("hex")}`;
}

/** A new address is asked first, by the one mail that goes to it before it is confirmed. */
async function replaceEmail(tx: Sql, channel: NewChannel, email: string | null): Promise<void> {
  const target = email === null ? null : email.toLowerCase();
  if (target !== null) {
    const { rows } = await tx.query<{ asked: number }>(
      `SELECT count(*)::int AS asked FROM notice_channel WHERE kind = 'email' AND account_id IS NOT NULL
         AND created_at > now() - interval '1 day' AND (account_id = $1 OR target = $2)`,
      [channel.account_id, fingerprint(target)],
    );
    if ((rows[0]?.asked ?? 0) >= EMAILS_PER_DAY_MAX) {
      throw new TooManyEmailsError(
        `email: not more than ${EMAILS_PER_DAY_MAX} times a day for one account or one address. Try again tomorrow.`,
      );
    }
  }
  const id = await replaceChannel(tx, { ...channel, kind: "email" }, target);
  if (id === null) return;
  await tx.query(
    `WITH asked AS (
       INSERT INTO notice_event (kind, key, subject, at, details, routed_at, account_id)
       VALUES ('miner_confirm', 'miner_confirm:' || $1::int, $2, now(), jsonb_build_object('account', $2::text), now(), $3) RETURNING id)
     INSERT INTO notice_delivery (event_id, channel_id) SELECT asked.id, $1 FROM asked`,
    [id, channel.address, channel.account_id],
  );
}

/** The new channel's id; null when there is none, or the one that works leads there already. */
async function replaceChannel(
  tx: Sql,
  channel: NewChannel & { kind: "email" | "webhook" },
  target: string | null,
): Promise<number | null> {
  const { account_id, address, events, kind } = channel;
  const print = target === null ? null : fingerprint(target);
  const same = await tx.query(
    `SELECT 1 FROM notice_channel WHERE account_id = $1 AND kind = $2::notice_channel_kind AND removed_at IS NULL AND enabled
       AND confirmed_at IS NOT NULL AND target = $3`,
    [account_id, kind, print],
  );
  if (same.rows.length > 0) return null;
  await tx.query(
    `WITH gone AS (UPDATE notice_channel SET removed_at = now(), enabled = false
         WHERE account_id = $1 AND kind = $2::notice_channel_kind AND removed_at IS NULL RETURNING id)
     DELETE FROM notice_delivery d USING gone WHERE d.channel_id = gone.id AND d.state <> 'delivered'`,
    [account_id, kind],
  );
  if (print === null) return null;
  const { rows } = await tx.query<{ id: number }>(
    `INSERT INTO notice_channel (kind, name, events, target, config_sealed, created_by, account_id, confirmed_at)
     VALUES ($1::notice_channel_kind, $2, $3, $4, '', 'miner', $5, CASE WHEN $1 = 'webhook' THEN now() END) RETURNING id`,
    [kind, address, events, print, account_id],
  );
  return rows[0]?.id ?? null;
}
