/** The append-only log of what was done by whom. A line is written in the transaction of what it tells. */
import type { AuditChoices, AuditLineDto, AuditPage, AuditQuery } from "@otedama/shared";
import type { Prisma } from "../generated/client.ts";
import type { Sql } from "./database.ts";
import { containsPattern } from "./like.ts";

/** Who does something: a person's id, the address they come from, and the key when a program does it in their name. */
export interface Actor {
  id: string;
  address: string | null;
  api_key_id?: number | null;
}

export interface AuditLine {
  /** `noun.verb` */
  action: string;
  /** `kind:id` */
  subject: string;
  before?: Prisma.InputJsonValue;
  after?: Prisma.InputJsonValue;
}

export async function auditLine(tx: Prisma.TransactionClient, actor: Actor, line: AuditLine): Promise<void> {
  const { action, subject, before, after } = line;
  await tx.auditLog.create({
    data: {
      actor: actor.id,
      action,
      subject,
      details: {
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
        ...(actor.address === null ? {} : { address: actor.address }),
        ...(actor.api_key_id ? { api_key: actor.api_key_id } : {}),
      },
    },
  });
}

/** The same over a plain connection: that of the transaction which the line tells of. */
export async function writeAudit(
  tx: Sql,
  actor: Actor,
  line: { action: string; subject: string; details?: Record<string, unknown> },
): Promise<void> {
  await tx.query("INSERT INTO audit_log (actor, action, subject, details) VALUES ($1, $2, $3, $4)", [
    actor.id,
    line.action,
    line.subject,
    JSON.stringify({
      ...line.details,
      ...(actor.address === null ? {} : { address: actor.address }),
      ...(actor.api_key_id ? { api_key: actor.api_key_id } : {}),
    }),
  ]);
}

/** Money's tables name people by their e-mail address, everything else by their id. */
const FROM = `audit_log l LEFT JOIN "user" u ON u.id = l.actor OR (position('@' in l.actor) > 0 AND u.email = lower(l.actor))`;

function where(query: AuditQuery): { text: string; params: unknown[] } {
  const params: unknown[] = [];
  const conditions: string[] = [];
  const add = (condition: (n: string) => string, value: unknown) => {
    params.push(value);
    conditions.push(condition(`$${params.length}`));
  };
  if (query.actor !== null) {
    add((n) => `(l.actor = ${n} OR l.actor = (SELECT email FROM "user" WHERE id = ${n}))`, query.actor);
  }
  if (query.action !== null) {
    if (query.action.includes(".")) add((n) => `l.action = ${n}`, query.action);
    else add((n) => `l.action LIKE ${n}`, `${query.action.replaceAll("_", "\\_")}.%`);
  }
  if (query.q !== "") add((n) => `l.subject ILIKE ${n}`, containsPattern(query.q));
  if (query.from_ms !== null) add((n) => `l.at >= to_timestamp(${n}::float8 / 1000)`, query.from_ms);
  if (query.to_ms !== null) add((n) => `l.at < to_timestamp(${n}::float8 / 1000)`, query.to_ms);
  if (query.before_id !== null) add((n) => `l.id < ${n}`, query.before_id);
  return { text: conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`, params };
}

/** A page, newest first. It goes on by id and not by number, so that the last page costs what the first does. */
export async function listAudit(sql: Sql, query: AuditQuery): Promise<AuditPage> {
  const { text, params } = where(query);
  const found = await sql.query<AuditLineDto>(
    `SELECT l.id, l.at AS at_ms, l.actor, u.name AS actor_name, u.email AS actor_email, l.action, l.subject, l.details
       FROM ${FROM} ${text} ORDER BY l.id DESC LIMIT $${params.length + 1}`,
    [...params, query.page_size + 1],
  );
  const rows = found.rows.slice(0, query.page_size);
  return { rows, next_before_id: found.rows.length > rows.length ? (rows.at(-1)?.id ?? null) : null };
}

/** How many lines a query has, counted up to `max + 1`. */
export async function countAudit(sql: Sql, query: AuditQuery, max: number): Promise<number> {
  const { text, params } = where(query);
  const found = await sql.query<{ lines: number }>(
    `SELECT count(*) AS lines FROM (SELECT 1 FROM audit_log l ${text} LIMIT $${params.length + 1}) AS counted`,
    [...params, max + 1],
  );
  return found.rows[0]?.lines ?? 0;
}

/** Every person, and the actions that occur. The actions are skipped through by index, whatever the log's length. */
export async function auditChoices(sql: Sql): Promise<AuditChoices> {
  const [people, actions] = await Promise.all([
    sql.query<{ id: string; name: string }>(
      `SELECT id, name || ' (' || email || ')' AS name FROM "user" ORDER BY lower(name), id LIMIT 500`,
    ),
    sql.query<{ action: string }>(
      `WITH RECURSIVE step AS (
         (SELECT action FROM audit_log ORDER BY action LIMIT 1)
         UNION ALL
         SELECT (SELECT l.action FROM audit_log l WHERE l.action > s.action ORDER BY l.action LIMIT 1) FROM step s WHERE s.action IS NOT NULL)
       SELECT action FROM step WHERE action IS NOT NULL LIMIT 500`,
    ),
  ]);
  return { actors: people.rows, actions: actions.rows.map((row) => row.action) };
}
