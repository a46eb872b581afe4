/**
 * Commands for rigs. A row is written and numbered before anything is sent, and is its own outbox until the agent says that it has it; what
 * an agent says only ever moves a command forward.
 */
import type { CommandBody, CommandDto, CommandReport, CommandState, CommandsPage, CommandsQuery } from "@otedama/shared";
import { type Actor, writeAudit } from "../audit.ts";
import type { Sql } from "../database.ts";
import { FleetError } from "./fleet_error.ts";
import { storable, storableJson } from "./text.ts";
import { type FleetDatabase, type Transaction, transaction } from "./transaction.ts";

export const OPEN_STATES: readonly CommandState[] = ["queued", "sent", "accepted", "running"];
/** What an agent proves counts for more than our own guess that its time was up. */
const rank = (
  state: string,
) => `CASE ${state} WHEN 'queued' THEN 0 WHEN 'sent' THEN 1 WHEN 'accepted' THEN 2 WHEN 'running' THEN 3
  WHEN 'expired' THEN 4 WHEN 'cancelled' THEN 4 ELSE 5 END`;
/** Open commands of one rig: beyond it somebody is not listening. */
export const OPEN_PER_RIG_MAX = 100;

export interface Issue {
  agent_ids: readonly string[];
  body: CommandBody;
  /** Null: a part that acts by itself. */
  issued_by: string | null;
  deadline_s: number;
  bulk_id: number | null;
}

/** Writes a command for each rig under its next number. Rigs that take no commands (protocol 1, retired) are left out of the answer. */
export async function issueCommands(client: Transaction, issue: Issue): Promise<{ id: string; agent_id: string }[]> {
  const made = await client.query<{ id: string; agent_id: string }>(
    `WITH locked AS (
       SELECT id FROM agent WHERE id = ANY ($1::uuid[]) AND public_key IS NOT NULL AND retired_at IS NULL ORDER BY id FOR NO KEY UPDATE),
     numbered AS (
       UPDATE agent SET command_number = command_number + 1 FROM locked WHERE agent.id = locked.id RETURNING agent.id, agent.command_number)
     INSERT INTO agent_command (id, agent_id, number, bulk_id, kind, body, state, issued_by, deadline)
     SELECT gen_random_uuid(), id, command_number, $2, $3, $4, 'queued', $5, now() + make_interval(secs => $6) FROM numbered
     RETURNING id, agent_id`,
    [issue.agent_ids, issue.bulk_id, issue.body.kind, storableJson(issue.body), issue.issued_by, issue.deadline_s],
  );
  return made.rows;
}

/** Throws a FleetError: `not_found`, `wrong_state` (it takes no commands), `too_many`. */
export async function issueCommand(
  database: FleetDatabase,
  actor: Actor,
  wanted: { rig_id: string; body: CommandBody; deadline_s: number },
): Promise<{ id: string }> {
  return transaction(database, async (client) => {
    const found = await client.query<{ keyed: boolean; retired: boolean; open: number; name: string }>(
      `SELECT name, public_key IS NOT NULL AS keyed, retired_at IS NOT NULL AS retired,
              (SELECT count(*) FROM agent_command WHERE agent_id = g.id AND state IN ('queued', 'sent', 'accepted', 'running')) AS open
         FROM agent g WHERE id = $1 FOR NO KEY UPDATE`,
      [wanted.rig_id],
    );
    const rig = found.rows[0];
    if (rig === undefined) throw new FleetError("not_found", "There is no such rig.");
    if (rig.retired) throw new FleetError("wrong_state", `${rig.name} is retired: it is let in no more.`);
    if (!rig.keyed) {
      throw new FleetError(
        "wrong_state",
        `${rig.name} runs an agent of protocol 1, which takes no commands. Enrol it with a newer agent.`,
      );
    }
    if (rig.open >= OPEN_PER_RIG_MAX)
      throw new FleetError("too_many", `${rig.name} has ${rig.open} open commands. Wait until it has done some.`);
    const [made] = await issueCommands(client, {
      agent_ids: [wanted.rig_id],
      body: wanted.body,
      issued_by: actor.id,
      deadline_s: wanted.deadline_s,
      bulk_id: null,
    });
    if (made === undefined) throw new Error("the command was not stored");
    await writeAudit(client, actor, {
      action: "command.issue",
      subject: `agent:${wanted.rig_id}`,
      details: {
        after: { command: made.id, rig: rig.name, body: wanted.body, deadline_s: wanted.deadline_s },
      },
    });
    return { id: made.id };
  });
}

/** What was never sent can be taken back for certain. Throws a FleetError: `not_found`, `wrong_state`. */
export async function cancelCommand(database: FleetDatabase, actor: Actor, id: string): Promise<void> {
  await transaction(database, async (client) => {
    const found = await client.query<{ state: CommandState; agent_id: string }>(
      "SELECT state, agent_id FROM agent_command WHERE id = $1 FOR UPDATE",
      [id],
    );
    const command = found.rows[0];
    if (command === undefined) throw new FleetError("not_found", "There is no such command.");
    if (command.state !== "queued") {
      throw new FleetError("wrong_state", `The command is ${command.state}: only one that was not sent yet can be cancelled.`);
    }
    await client.query(
      "UPDATE agent_command SET state = 'cancelled', ended_at = now(), message = 'Cancelled before it was sent.' WHERE id = $1",
      [id],
    );
    await writeAudit(client, actor, {
      action: "command.cancel",
      subject: `agent:${command.agent_id}`,
      details: { after: { command: id } },
    });
  });
}

export interface CommandToSend {
  id: string;
  agent_id: string;
  number: number;
  issued_at_ms: number;
  deadline_ms: number;
  body: CommandBody;
}

/**
 * Marks what these agents have not accepted as sent, and answers it in the order of its numbers. `again` sends also what was sent a
 * moment ago: a connection that is new has seen none of it.
 */
export async function takeCommandsToSend(
  sql: Sql,
  agent_ids: readonly string[],
  options: { again: boolean; resend_after_ms: number; rows_max: number },
): Promise<CommandToSend[]> {
  const taken = await sql.query<CommandToSend>(
    `WITH due AS (
       SELECT id FROM agent_command
        WHERE agent_id = ANY ($1::uuid[]) AND state IN ('queued', 'sent') AND deadline > now()
          AND ($2 OR sent_at IS NULL OR sent_at < now() - make_interval(secs => $3::float8 / 1000))
        ORDER BY agent_id, number LIMIT $4 FOR UPDATE)
     UPDATE agent_command SET state = 'sent', sent_at = now() FROM due WHERE agent_command.id = due.id
     RETURNING agent_command.id, agent_id, number, issued_at AS issued_at_ms, deadline AS deadline_ms, body`,
    [agent_ids, options.again, options.resend_after_ms, options.rows_max],
  );
  return taken.rows.sort((a, b) => (a.agent_id === b.agent_id ? a.number - b.number : a.agent_id < b.agent_id ? -1 : 1));
}

/** Agents for whom a command waits to be sent, or to be sent again. */
export async function agentsWithDueCommands(sql: Sql, options: { resend_after_ms: number; rows_max: number }): Promise<string[]> {
  const found = await sql.query<{ agent_id: string }>(
    `SELECT DISTINCT agent_id FROM (
       SELECT agent_id FROM agent_command
        WHERE state IN ('queued', 'sent') AND deadline > now()
          AND (sent_at IS NULL OR sent_at < now() - make_interval(secs => $1::float8 / 1000))
        LIMIT $2) due`,
    [options.resend_after_ms, options.rows_max],
  );
  return found.rows.map((row) => row.agent_id);
}

export interface CommandReportRow {
  agent_id: string;
  report: CommandReport;
  /** By our clock. */
  at_ms: number;
}

/** Stores what agents report. Answers for each whether there is such a command of that agent. */
export async function writeCommandReports(sql: Sql, rows: readonly CommandReportRow[]): Promise<boolean[]> {
  // One statement sees each row once: what came together of one command goes in one after the other.
  const waves: CommandReportRow[][] = [];
  const seen = new Map<string, number>();
  for (const row of rows) {
    const place = seen.get(row.report.id) ?? 0;
    seen.set(row.report.id, place + 1);
    const wave = waves[place];
    if (wave === undefined) waves.push([row]);
    else wave.push(row);
  }
  const known = new Set<string>();
  for (const wave of waves) for (const key of await writeWave(sql, wave)) known.add(key);
  return rows.map((row) => known.has(`${row.agent_id}:${row.report.id}`));
}

async function writeWave(sql: Sql, rows: readonly CommandReportRow[]): Promise<string[]> {
  const written = await sql.query<{ key: string }>(
    `WITH locked AS (SELECT id FROM agent_command WHERE id = ANY ($2::uuid[]) ORDER BY id FOR UPDATE)
     UPDATE agent_command c SET
        state = CASE WHEN ${rank("r.state")} > ${rank("c.state")} THEN r.state ELSE c.state END,
        accepted_at = CASE WHEN r.state = 'accepted' THEN coalesce(c.accepted_at, r.at) ELSE c.accepted_at END,
        running_at = CASE WHEN r.state = 'running' THEN coalesce(c.running_at, r.at) ELSE c.running_at END,
        ended_at = CASE WHEN ${rank("r.state")} >= 4 AND ${rank("r.state")} > ${rank("c.state")} THEN r.at ELSE c.ended_at END,
        message = CASE WHEN ${rank("r.state")} > ${rank("c.state")} THEN r.message ELSE c.message END,
        evidence = CASE WHEN ${rank("r.state")} > ${rank("c.state")} THEN coalesce(r.evidence, c.evidence) ELSE c.evidence END
       FROM (SELECT agent_id, id, state, to_timestamp(at_ms / 1000.0) AS at, message, evidence
               FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::float8[], $5::text[], $6::jsonb[])
                    AS u (agent_id, id, state, at_ms, message, evidence)) r
       JOIN locked ON locked.id = r.id
      WHERE c.id = r.id AND c.agent_id = r.agent_id
     RETURNING c.agent_id || ':' || c.id AS key`,
    [
      rows.map((row) => row.agent_id),
      rows.map((row) => row.report.id),
      rows.map((row) => row.report.state),
      rows.map((row) => row.at_ms),
      rows.map((row) => storable(row.report.message)),
      rows.map((row) => (row.report.evidence === null ? null : storableJson(row.report.evidence))),
    ],
  );
  return written.rows.map((row) => row.key);
}

/** An agent that accepted a command and was not heard of about it for this long after its deadline is not going to. */
const SILENT_S = 900;

/** Ends what nobody answered in time, at most `rows_max`; answers how many. */
export async function expireCommands(sql: Sql, rows_max: number): Promise<number> {
  const ended = await sql.query(
    `WITH late AS (
       SELECT id FROM agent_command
        WHERE state IN ('queued', 'sent', 'accepted', 'running')
          AND deadline < now() - CASE WHEN state IN ('queued', 'sent') THEN interval '2 seconds' ELSE interval '${SILENT_S} seconds' END
        ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
     UPDATE agent_command c SET ended_at = now(), state = 'expired',
            message = CASE c.state WHEN 'queued' THEN 'The rig was not connected before the deadline: it was never sent.'
                                   WHEN 'sent' THEN 'It was sent, and the rig did not accept it before the deadline.'
                                   ELSE 'The rig accepted it, and told no result. Look at the rig: it may have run.' END
       FROM late WHERE c.id = late.id`,
    [rows_max],
  );
  return ended.rowCount ?? 0;
}

export const COMMAND_COLUMNS = `c.id, c.agent_id AS rig_id, g.name AS rig_name, c.number, c.bulk_id, c.body, c.state, coalesce(u.name, c.issued_by) AS issued_by,
  c.issued_at AS issued_at_ms, c.deadline AS deadline_ms, c.sent_at AS sent_at_ms, c.accepted_at AS accepted_at_ms, c.running_at AS running_at_ms,
  c.ended_at AS ended_at_ms, c.message, c.evidence`;

export async function listCommands(sql: Sql, query: CommandsQuery): Promise<CommandsPage> {
  const found = await sql.query<CommandDto>(
    `SELECT ${COMMAND_COLUMNS} FROM agent_command c JOIN agent g ON g.id = c.agent_id LEFT JOIN "user" u ON u.id = c.issued_by
      WHERE ($1::uuid IS NULL OR c.agent_id = $1) AND ($2::int IS NULL OR c.bulk_id = $2) AND ($3::text IS NULL OR c.state = $3)
        AND ($4::float8 IS NULL OR (c.issued_at, c.id) < (to_timestamp($4 / 1000), $5::uuid))
      ORDER BY c.issued_at DESC, c.id DESC LIMIT $6`,
    [query.rig_id, query.bulk_id, query.state, query.before?.issued_at_ms ?? null, query.before?.id ?? null, query.page_size + 1],
  );
  const rows = found.rows.slice(0, query.page_size);
  const last = rows.at(-1);
  const more = found.rows.length > rows.length && last !== undefined;
  return { rows, next: more ? { issued_at_ms: last.issued_at_ms, id: last.id } : null };
}
