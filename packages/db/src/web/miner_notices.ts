/** Notices that go to miners: what is due to them, and what their readers decide. */
import type { MinerNoticeKind } from "@otedama/shared";
import type { Sql } from "./database.ts";

/** Notices that one channel of a miner gets in 24 hours; what is more is not sent. */
export const MINER_NOTICES_PER_DAY_MAX = 50;
/** Given-up notices in a row after which a channel is stopped. */
const DEAD_IN_A_ROW_MAX = 3;

/** Makes the deliveries of the events that are about accounts; those of the operator are `routeNotices`'. */
export async function routeMinerNotices(sql: Sql, events_max: number): Promise<number> {
  const routed = await sql.query(
    `WITH fresh AS (SELECT id, kind, account_id, created_at FROM notice_event
            WHERE routed_at IS NULL AND account_id IS NOT NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED),
          wanted AS (SELECT f.id AS event_id, c.id AS channel_id, row_number() OVER (PARTITION BY c.id ORDER BY f.id) AS n,
                       (SELECT count(*) FROM notice_delivery d WHERE d.channel_id = c.id AND d.created_at > now() - interval '1 day') AS today
                       FROM fresh f JOIN notice_channel c ON c.account_id = f.account_id AND c.removed_at IS NULL AND c.enabled
                        AND c.confirmed_at IS NOT NULL AND f.kind = ANY(c.events) AND c.created_at <= f.created_at
                      WHERE f.created_at > now() - interval '7 days'),
          made AS (INSERT INTO notice_delivery (event_id, channel_id)
                     SELECT event_id, channel_id FROM wanted WHERE today + n <= $2 ON CONFLICT (event_id, channel_id) DO NOTHING)
     UPDATE notice_event e SET routed_at = now() FROM fresh WHERE e.id = fresh.id`,
    [events_max, MINER_NOTICES_PER_DAY_MAX],
  );
  return routed.rowCount ?? 0;
}

export interface ClaimedMinerDelivery {
  id: number;
  attempts: number;
  kind: MinerNoticeKind;
  subject: string;
  at_ms: number;
  details: Record<string, unknown>;
  channel_id: number;
  channel_kind: "email" | "webhook";
  account_id: number;
  /** The account's. */
  address: string;
  email: string | null;
  webhook_url: string | null;
}

/** Takes deliveries that are due, one of a channel, those that wait longest first; held for `lease_s`, as `claimDeliveries` does. */
export async function claimMinerDeliveries(
  sql: Sql,
  options: { deliveries_max: number; lease_s: number },
): Promise<ClaimedMinerDelivery[]> {
  const claimed = await sql.query<ClaimedMinerDelivery>(
    `WITH due AS (
       SELECT DISTINCT ON (d.channel_id) d.id, d.next_at FROM notice_delivery d JOIN notice_channel c ON c.id = d.channel_id
        WHERE d.state = 'waiting' AND d.next_at <= now() AND c.account_id IS NOT NULL AND c.removed_at IS NULL AND c.enabled
        ORDER BY d.channel_id, d.next_at, d.id),
     next AS (SELECT id FROM due ORDER BY next_at, id LIMIT $1)
     UPDATE notice_delivery d SET attempts = d.attempts + 1, next_at = now() + make_interval(secs => $2)
       FROM next, notice_event e, notice_channel c, account a, account_setting s
      WHERE d.id = next.id AND d.state = 'waiting' AND d.next_at <= now() AND e.id = d.event_id AND c.id = d.channel_id
        AND a.id = c.account_id AND s.account_id = c.account_id
     RETURNING d.id, d.attempts, e.kind, e.subject, e.at AS at_ms, e.details, c.id AS channel_id, c.kind AS channel_kind,
       c.account_id, a.address, s.email, s.webhook_url`,
    [options.deliveries_max, options.lease_s],
  );
  return claimed.rows;
}

/** Nobody reads what is given up time after time: the channel is stopped, and the account's page says so. */
export async function stopDeadMinerChannel(sql: Sql, channel_id: number): Promise<void> {
  await sql.query(
    `UPDATE notice_channel SET enabled = false, updated_at = now() WHERE id = $1 AND account_id IS NOT NULL AND ${DEAD_IN_A_ROW_MAX} =
       (SELECT count(*) FILTER (WHERE state = 'dead') FROM
         (SELECT state FROM notice_delivery WHERE channel_id = $1 AND state <> 'waiting' ORDER BY answered_at DESC LIMIT ${DEAD_IN_A_ROW_MAX}) last)`,
    [channel_id],
  );
}

/** The reader of the e-mail address wants its notices. False when the link is too old, or for an address that is not set any more. */
export async function confirmMinerChannel(sql: Sql, channel_id: number, account_id: number): Promise<boolean> {
  const { rowCount } = await sql.query(
    `UPDATE notice_channel SET confirmed_at = coalesce(confirmed_at, now()), updated_at = now()
      WHERE id = $1 AND account_id = $2 AND removed_at IS NULL AND enabled AND (confirmed_at IS NOT NULL OR created_at > now() - interval '7 days')`,
    [channel_id, account_id],
  );
  return (rowCount ?? 0) > 0;
}

/** Its reader wants no more of them; what waits is given up. False for a channel that is gone. */
export async function stopMinerChannel(sql: Sql, channel_id: number, account_id: number): Promise<boolean> {
  const { rows } = await sql.query<{ stopped: number }>(
    `WITH stopped AS (UPDATE notice_channel SET enabled = false, updated_at = now()
         WHERE id = $1 AND account_id = $2 AND removed_at IS NULL RETURNING id),
       gone AS (DELETE FROM notice_delivery d USING stopped WHERE d.channel_id = stopped.id AND d.state = 'waiting')
     SELECT count(*) AS stopped FROM stopped`,
    [channel_id, account_id],
  );
  return Number(rows[0]?.stopped ?? 0) > 0;
}

/**
 * Writes one event for each account that has a worker without connection and without a share for ten minutes. It names all of the last
 * hour; another one follows when another worker goes, after ten minutes at the earliest.
 */
export async function writeOfflineWorkers(sql: Sql): Promise<number> {
  const written = await sql.query(
    `INSERT INTO notice_event (kind, key, subject, at, details, account_id)
     SELECT 'miner_worker_offline', 'miner_worker_offline:' || a.id || ':' || (extract(epoch FROM max(s.last_share_at)) * 1000)::bigint, a.address,
            max(s.last_share_at), jsonb_build_object('account', a.address, 'workers', count(*),
              'names', (array_agg(w.name ORDER BY s.last_share_at DESC, w.id))[1:10]), a.id
       FROM (SELECT DISTINCT account_id FROM notice_channel WHERE account_id IS NOT NULL AND removed_at IS NULL AND enabled
               AND confirmed_at IS NOT NULL AND 'miner_worker_offline' = ANY(events)) told
       JOIN account a ON a.id = told.account_id JOIN worker w ON w.account_id = a.id JOIN worker_state s ON s.worker_id = w.id
      WHERE s.connections = 0 AND s.last_share_at BETWEEN now() - interval '1 hour' AND now() - interval '10 minutes'
        AND NOT EXISTS (SELECT 1 FROM notice_event e WHERE e.account_id = a.id AND e.kind = 'miner_worker_offline'
          AND e.created_at > now() - interval '10 minutes')
      GROUP BY a.id, a.address LIMIT 1000 ON CONFLICT (key) DO NOTHING`,
  );
  return written.rowCount ?? 0;
}
