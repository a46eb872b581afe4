/** What happened on rigs, as their agents tell it, and what the control plane noted of them itself. */
import type { AgentEvents } from "@otedama/shared";
import type { Sql } from "../database.ts";
import { storable } from "./text.ts";

export interface EventRow {
  agent_id: string;
  event: AgentEvents["events"][number];
  /** When it was, by our clock. */
  at_ms: number;
}

/** What has come before is not stored again. Events of agents that are not in the database are skipped. */
export async function writeEvents(sql: Sql, rows: readonly EventRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql.query(
    `INSERT INTO agent_event (agent_id, number, at, kind, severity, device_id, text)
     SELECT r.agent_id, r.number, to_timestamp(r.at_ms / 1000.0), r.kind, r.severity, r.device_id, r.text
       FROM unnest($1::uuid[], $2::bigint[], $3::float8[], $4::text[], $5::text[], $6::text[], $7::text[])
            AS r (agent_id, number, at_ms, kind, severity, device_id, text)
       JOIN agent g ON g.id = r.agent_id AND g.public_key IS NOT NULL
     ON CONFLICT DO NOTHING`,
    [
      rows.map((row) => row.agent_id),
      rows.map((row) => row.event.number),
      rows.map((row) => row.at_ms),
      rows.map((row) => row.event.kind),
      rows.map((row) => row.event.severity),
      rows.map((row) => (row.event.device_id === null ? null : storable(row.event.device_id))),
      rows.map((row) => storable(row.event.text)),
    ],
  );
}

/** Numbered below zero, so that it never meets a number of the agent's own. */
export async function noteEvent(
  sql: Sql,
  agent_id: string,
  note: { at_ms: number; kind: AgentEvents["events"][number]["kind"]; severity: "info" | "warning" | "error"; text: string },
): Promise<void> {
  await sql.query(
    `INSERT INTO agent_event (agent_id, number, at, kind, severity, text)
     SELECT g.id, least(coalesce((SELECT min(number) FROM agent_event WHERE agent_id = g.id), 0), 0) - 1, to_timestamp($2::float8 / 1000), $3, $4, $5
       FROM agent g WHERE g.id = $1 ON CONFLICT DO NOTHING`,
    [agent_id, note.at_ms, note.kind, note.severity, storable(note.text)],
  );
}

export async function deleteEventsBefore(sql: Sql, before_ms: number, rows_max: number): Promise<number> {
  const deleted = await sql.query(
    `DELETE FROM agent_event WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM agent_event WHERE at < to_timestamp($1::float8 / 1000.0) LIMIT $2))`,
    [before_ms, rows_max],
  );
  return deleted.rowCount ?? 0;
}
