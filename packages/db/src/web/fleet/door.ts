/** Who an agent is, when it knocks. */
import type { AgentFacts } from "@otedama/shared";
import type { Sql } from "../database.ts";
import { storable, storableJson } from "./text.ts";

export interface DoorRow {
  id: string;
  /** Raw Ed25519 key in base64; null for an agent of protocol 1. */
  public_key: string | null;
  retired: boolean;
}

export async function findAgents(sql: Sql, ids: readonly string[]): Promise<Map<string, DoorRow>> {
  const found = await sql.query<DoorRow>(
    `SELECT id, encode(public_key, 'base64') AS public_key, retired_at IS NOT NULL AS retired FROM agent WHERE id = ANY ($1::uuid[])`,
    [ids],
  );
  return new Map(found.rows.map((row) => [row.id, row]));
}

export interface ArrivalRow {
  id: string;
  facts: AgentFacts;
  at_ms: number;
  clock_skew_ms: number;
  /** What the agent says it has: a control plane that was restored from a backup goes on above it. */
  command_number: number;
  desired_revision: number;
}

export interface Arrived {
  report_number: number;
  reports_missing: [number, number][];
  /** Of the connection before; null for the first. */
  clock_skew_ms_before: number | null;
  name_before: string;
}

/** Notes agents that have proved who they are, and answers what we have of them. */
export async function noteArrivals(sql: Sql, rows: readonly ArrivalRow[]): Promise<Map<string, Arrived>> {
  const found = await sql.query<Arrived & { id: string }>(
    `WITH r AS (
       SELECT * FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::float8[], $5::bigint[], $6::bigint[], $7::bigint[])
                     AS r (id, name, hello, at_ms, clock_skew_ms, command_number, desired_revision)),
     before AS (
       SELECT g.id, g.clock_skew_ms, g.name FROM agent g WHERE g.id = ANY ($1::uuid[]) ORDER BY g.id FOR NO KEY UPDATE)
     UPDATE agent SET name = r.name, hello = CASE WHEN agent.hello = r.hello THEN agent.hello ELSE r.hello END, clock_skew_ms = r.clock_skew_ms,
            last_seen_at = greatest(agent.last_seen_at, to_timestamp(r.at_ms / 1000.0)),
            command_number = greatest(agent.command_number, r.command_number),
            desired_held = r.desired_revision,
            desired_revision = CASE WHEN r.desired_revision > agent.desired_revision THEN r.desired_revision + 1 ELSE agent.desired_revision END
       FROM r JOIN before ON before.id = r.id WHERE agent.id = r.id AND agent.retired_at IS NULL
     RETURNING agent.id, agent.report_number, agent.reports_missing, before.clock_skew_ms AS clock_skew_ms_before, before.name AS name_before`,
    [
      rows.map((row) => row.id),
      rows.map((row) => storable(row.facts.name)),
      rows.map((row) => storableJson(row.facts)),
      rows.map((row) => row.at_ms),
      rows.map((row) => Math.round(row.clock_skew_ms)),
      rows.map((row) => row.command_number),
      rows.map((row) => row.desired_revision),
    ],
  );
  return new Map(found.rows.map((row) => [row.id, row]));
}

/** Adds to the count of what was refused, so that the rig's page can tell. */
export async function countRefused(sql: Sql, counts: ReadonlyMap<string, number>): Promise<void> {
  if (counts.size === 0) return;
  await sql.query(
    `WITH locked AS (SELECT id FROM agent WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE)
     UPDATE agent SET reports_refused = reports_refused + r.n
       FROM unnest($1::uuid[], $2::bigint[]) AS r (id, n) JOIN locked ON locked.id = r.id WHERE agent.id = r.id`,
    [[...counts.keys()], [...counts.values()]],
  );
}

/** Of these agents, the ones that are let in no more. */
export async function retiredAgents(sql: Sql, ids: readonly string[]): Promise<string[]> {
  const found = await sql.query<{ id: string }>("SELECT id FROM agent WHERE id = ANY ($1::uuid[]) AND retired_at IS NOT NULL", [
    ids,
  ]);
  return found.rows.map((row) => row.id);
}
