/** The outbox of notices: events with their causes, the channels they go to, and one delivery for each of both. */
import type {
  NoticeChannelDto,
  NoticeChannelKind,
  NoticeDeliveriesPage,
  NoticeDeliveryDto,
  NoticeDeliveryState,
  NoticeKind,
} from "@otedama/shared";
import type { PrismaClient } from "../generated/client.ts";
import { type Actor, auditLine } from "./audit.ts";
import type { Sql } from "./database.ts";

export const NOTICE_CHANNELS_MAX = 50;

export async function listNoticeChannels(sql: Sql): Promise<NoticeChannelDto[]> {
  const found = await sql.query<NoticeChannelDto>(
    `SELECT c.id, c.kind, c.name, c.enabled, c.events, c.target, c.created_at AS created_at_ms,
            (SELECT count(*) FROM notice_delivery d WHERE d.channel_id = c.id AND d.state = 'waiting') AS waiting,
            (SELECT count(*) FROM notice_delivery d WHERE d.channel_id = c.id AND d.state = 'dead') AS dead,
            (SELECT max(d.answered_at) FROM notice_delivery d WHERE d.channel_id = c.id AND d.state = 'delivered') AS last_delivered_at_ms
       FROM notice_channel c WHERE c.removed_at IS NULL AND c.account_id IS NULL ORDER BY c.id`,
  );
  return found.rows;
}

export interface NoticeChannelRow {
  id: number;
  kind: NoticeChannelKind;
  name: string;
  events: NoticeKind[];
  config_sealed: string;
}

/** Null for one that was removed too. */
export async function getNoticeChannel(sql: Sql, id: number): Promise<NoticeChannelRow | null> {
  const found = await sql.query<NoticeChannelRow>(
    "SELECT id, kind, name, events, config_sealed FROM notice_channel WHERE id = $1 AND removed_at IS NULL AND account_id IS NULL",
    [id],
  );
  return found.rows[0] ?? null;
}

export async function openNoticeChannels(sql: Sql): Promise<NoticeChannelRow[]> {
  const found = await sql.query<NoticeChannelRow>(
    `SELECT id, kind, name, events, config_sealed FROM notice_channel WHERE enabled AND removed_at IS NULL AND account_id IS NULL ORDER BY id LIMIT ${NOTICE_CHANNELS_MAX}`,
  );
  return found.rows;
}

/** `seal` makes the sealed text once the id is known, to which it is bound. Null when there are as many channels as there may be. */
export async function createNoticeChannel(
  prisma: PrismaClient,
  actor: Actor,
  wanted: {
    kind: NoticeChannelKind;
    name: string;
    events: readonly NoticeKind[];
    target: string;
    seal: (id: number) => string;
  },
): Promise<number | null> {
  const { kind, name, events, target, seal } = wanted;
  return prisma.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE notice_channel IN SHARE ROW EXCLUSIVE MODE`;
    if ((await tx.noticeChannel.count({ where: { removed_at: null, account_id: null } })) >= NOTICE_CHANNELS_MAX) return null;
    const { id } = await tx.noticeChannel.create({
      data: { kind, name, events: [...events], target, config_sealed: "", created_by: actor.id },
      select: { id: true },
    });
    await tx.noticeChannel.update({ where: { id }, data: { config_sealed: seal(id) } });
    await auditLine(tx, actor, {
      action: "notice_channel.create",
      subject: `notice_channel:${id}`,
      after: { kind, name, events: [...events], target },
    });
    return id;
  });
}

/** False when there is no such channel. */
export async function changeNoticeChannel(
  prisma: PrismaClient,
  actor: Actor,
  wanted: { id: number; name: string; events: readonly NoticeKind[]; enabled: boolean },
): Promise<boolean> {
  const { id, name, events, enabled } = wanted;
  return prisma.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT 1 FROM notice_channel WHERE id = ${id} FOR UPDATE`;
    const before = await tx.noticeChannel.findFirst({
      where: { id, removed_at: null, account_id: null },
      select: { name: true, events: true, enabled: true },
    });
    if (before === null) return false;
    const after = { name, events: [...events], enabled };
    await tx.noticeChannel.update({ where: { id }, data: { ...after, updated_at: new Date() } });
    await auditLine(tx, actor, { action: "notice_channel.change", subject: `notice_channel:${id}`, before, after });
    return true;
  });
}

/** What waited for it is given up. False when there is no such channel. */
export async function removeNoticeChannel(prisma: PrismaClient, actor: Actor, id: number): Promise<boolean> {
  return prisma.$transaction(async (tx) => {
    const removed = await tx.noticeChannel.updateMany({
      where: { id, removed_at: null, account_id: null },
      // The secrets go at once; the row stays for the deliveries that name it.
      data: { removed_at: new Date(), enabled: false, config_sealed: "" },
    });
    if (removed.count === 0) return false;
    const given_up = await tx.noticeDelivery.deleteMany({ where: { channel_id: id, state: { not: "delivered" } } });
    await auditLine(tx, actor, {
      action: "notice_channel.remove",
      subject: `notice_channel:${id}`,
      after: { deliveries_given_up: given_up.count },
    });
    return true;
  });
}

export interface LiveNotice {
  kind: NoticeKind;
  key: string;
  subject: string;
  at_ms: number;
  details: Record<string, unknown>;
  /** Channels that have it already: told while the database was away. */
  told: readonly { channel_id: number; answer: string }[];
}

/** Writes an event that no row of the database tells of. A second one with the same key changes nothing. */
export async function writeNotice(sql: Sql, notice: LiveNotice): Promise<void> {
  await sql.query(
    `WITH made AS (INSERT INTO notice_event (kind, key, subject, at, details) VALUES ($1, $2, $3, to_timestamp($4::float8 / 1000), $5)
                   ON CONFLICT (key) DO NOTHING RETURNING id)
     INSERT INTO notice_delivery (event_id, channel_id, state, attempts, answer, answered_at)
       SELECT made.id, told.channel_id, 'delivered', 1, told.answer, now()
         FROM made, unnest($6::int[], $7::text[]) AS told (channel_id, answer) JOIN notice_channel c ON c.id = told.channel_id`,
    [
      notice.kind,
      notice.key,
      notice.subject,
      notice.at_ms,
      JSON.stringify(notice.details),
      notice.told.map((one) => one.channel_id),
      notice.told.map((one) => one.answer),
    ],
  );
}

/**
 * Makes a delivery for each channel that wants a new event, in one statement: both are there after a crash, or neither. A channel is
 * not told of what happened before it was made, nobody of what is older than a week.
 */
export async function routeNotices(sql: Sql, events_max: number): Promise<number> {
  const routed = await sql.query(
    `WITH fresh AS (SELECT id, kind, created_at FROM notice_event WHERE routed_at IS NULL AND account_id IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED),
          made AS (INSERT INTO notice_delivery (event_id, channel_id)
                     SELECT f.id, c.id FROM fresh f JOIN notice_channel c
                       ON c.account_id IS NULL AND c.enabled AND c.removed_at IS NULL AND f.kind = ANY(c.events) AND c.created_at <= f.created_at
                      WHERE f.created_at > now() - interval '7 days'
                     ON CONFLICT (event_id, channel_id) DO NOTHING)
     UPDATE notice_event e SET routed_at = now() FROM fresh WHERE e.id = fresh.id`,
    [events_max],
  );
  return routed.rowCount ?? 0;
}

export interface ClaimedDelivery {
  id: number;
  attempts: number;
  kind: NoticeKind;
  subject: string;
  at_ms: number;
  details: Record<string, unknown>;
  channel: NoticeChannelRow;
}

/** Takes deliveries that are due, some of each channel, and holds them for `lease_s`: after a crash in the middle they are due again. */
export async function claimDeliveries(
  sql: Sql,
  options: { per_channel_max: number; lease_s: number },
): Promise<ClaimedDelivery[]> {
  const claimed = await sql.query<Omit<ClaimedDelivery, "channel"> & { channel_id: number }>(
    `WITH due AS (
       SELECT d.id FROM notice_channel c CROSS JOIN LATERAL (
         SELECT id FROM notice_delivery WHERE channel_id = c.id AND state = 'waiting' AND next_at <= now()
          ORDER BY next_at, id LIMIT $1 FOR UPDATE SKIP LOCKED) d
        WHERE c.account_id IS NULL AND c.enabled AND c.removed_at IS NULL)
     UPDATE notice_delivery d SET attempts = d.attempts + 1, next_at = now() + make_interval(secs => $2)
       FROM due, notice_event e WHERE d.id = due.id AND e.id = d.event_id
     RETURNING d.id, d.attempts, d.channel_id, e.kind, e.subject, e.at AS at_ms, e.details`,
    [options.per_channel_max, options.lease_s],
  );
  if (claimed.rows.length === 0) return [];
  const channels = new Map((await openNoticeChannels(sql)).map((channel) => [channel.id, channel]));
  return claimed.rows.flatMap(({ channel_id, ...delivery }) => {
    const channel = channels.get(channel_id);
    return channel === undefined ? [] : [{ ...delivery, channel }];
  });
}

/** Writes down how a try went. `retry_s` null: it was the last one. */
export async function finishDelivery(
  sql: Sql,
  id: number,
  outcome: { delivered: boolean; answer: string; retry_s: number | null },
): Promise<void> {
  const state: NoticeDeliveryState = outcome.delivered ? "delivered" : outcome.retry_s === null ? "dead" : "waiting";
  await sql.query(
    `UPDATE notice_delivery SET state = $2::notice_delivery_state, answer = $3, answered_at = now(), next_at = now() + make_interval(secs => $4)
      WHERE id = $1`,
    [id, state, outcome.answer, outcome.retry_s ?? 0],
  );
}

export async function listDeliveries(
  sql: Sql,
  query: { state: NoticeDeliveryState | null; channel_id: number | null; page: number; page_size: number },
): Promise<NoticeDeliveriesPage> {
  // Of the miners' own only what was given up is of interest here.
  const filter = `WHERE ($1::text IS NULL OR d.state = $1::notice_delivery_state) AND ($2::int IS NULL OR d.channel_id = $2)
    AND ($1::text = 'dead' OR NOT EXISTS (SELECT 1 FROM notice_channel m WHERE m.id = d.channel_id AND m.account_id IS NOT NULL))`;
  const params = [query.state, query.channel_id];
  const [count, page] = await Promise.all([
    sql.query<{ total: number }>(`SELECT count(*) AS total FROM notice_delivery d ${filter}`, params),
    sql.query<NoticeDeliveryDto>(
      `SELECT d.id, e.kind, e.subject, e.at AS at_ms, d.channel_id, c.name AS channel_name, c.kind AS channel_kind, d.state, d.attempts,
              CASE WHEN d.state = 'waiting' THEN d.next_at END AS next_at_ms, d.answer, d.answered_at AS answered_at_ms
         FROM notice_delivery d JOIN notice_event e ON e.id = d.event_id JOIN notice_channel c ON c.id = d.channel_id
        ${filter} ORDER BY d.id DESC LIMIT $3 OFFSET $4`,
      [...params, query.page_size, (query.page - 1) * query.page_size],
    ),
  ]);
  return { total: count.rows[0]?.total ?? 0, rows: page.rows };
}

/** Has a dead letter, or all of them, tried again from the beginning; answers how many. */
export async function retryDeliveries(prisma: PrismaClient, actor: Actor, id: number | null): Promise<number> {
  return prisma.$transaction(async (tx) => {
    const retried = await tx.noticeDelivery.updateMany({
      where: { state: "dead", channel: { removed_at: null }, ...(id === null ? {} : { id }) },
      data: { state: "waiting", attempts: 0, next_at: new Date() },
    });
    if (retried.count > 0) {
      await auditLine(tx, actor, {
        action: "notice_delivery.retry",
        subject: id === null ? "notice_delivery:all" : `notice_delivery:${id}`,
        after: { retried: retried.count },
      });
    }
    return retried.count;
  });
}

/** Removes events of more than a month ago with their deliveries, at most `rows_max` at a time; answers how many. */
export async function deleteOldNotices(sql: Sql, rows_max: number): Promise<number> {
  const deleted = await sql.query(
    `DELETE FROM notice_event WHERE id IN (SELECT id FROM notice_event WHERE created_at < now() - interval '30 days' ORDER BY created_at LIMIT $1)`,
    [rows_max],
  );
  return deleted.rowCount ?? 0;
}
