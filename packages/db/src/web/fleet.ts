/** What the hub writes about agents: the latest state in the agent's row, history as samples. */
import type { AgentTelemetry } from "@otedama/shared";
import type { Sql } from "./database.ts";

/** Rigs belong to a site; the first one is made with the first rig. */
export const DEFAULT_SITE = "home";

export interface AgentRow {
  id: string;
  name: string;
  /** AgentHelloV1 without its token. */
  hello: unknown;
  telemetry: AgentTelemetry | null;
  seen_at_ms: number;
}

export interface AgentSampleRow {
  agent_id: string;
  at_ms: number;
  hashrate_hps: number;
  temperature_c_max: number | null;
  load_1m: number;
  accepted: number;
  rejected: number;
}

/** PostgreSQL stores neither NUL nor half a surrogate pair; what a machine calls itself may hold either. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}

function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) => (typeof field === "string" ? storable(field) : field));
}

/**
 * Writes agents and samples in one statement each. An agent's row never goes back in time, so that a batch written late changes
 * nothing; a sample that is there already is left. Samples of agents that are not in the database are skipped.
 */
export async function writeFleet(sql: Sql, agents: AgentRow[], samples: AgentSampleRow[]): Promise<void> {
  if (agents.length > 0) {
    await sql.query(
      "INSERT INTO site (name) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM site WHERE name = $1) ON CONFLICT DO NOTHING",
      [DEFAULT_SITE],
    );
    await sql.query(
      `INSERT INTO agent (id, site_id, name, hello, telemetry, first_seen_at, last_seen_at)
       SELECT r.id, t.id, r.name, r.hello, r.telemetry, to_timestamp(r.seen_at_ms / 1000.0), to_timestamp(r.seen_at_ms / 1000.0)
         FROM unnest($2::uuid[], $3::text[], $4::jsonb[], $5::jsonb[], $6::float8[]) AS r (id, name, hello, telemetry, seen_at_ms), site t
        WHERE t.name = $1
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, hello = excluded.hello,
         telemetry = coalesce(excluded.telemetry, agent.telemetry), last_seen_at = excluded.last_seen_at
        WHERE agent.last_seen_at IS NULL OR agent.last_seen_at <= excluded.last_seen_at`,
      [
        DEFAULT_SITE,
        agents.map((agent) => agent.id),
        agents.map((agent) => storable(agent.name)),
        agents.map((agent) => storableJson(agent.hello)),
        agents.map((agent) => (agent.telemetry === null ? null : storableJson(agent.telemetry))),
        agents.map((agent) => agent.seen_at_ms),
      ],
    );
  }
  if (samples.length > 0) {
    await sql.query(
      `INSERT INTO agent_sample (agent_id, at, hashrate_hps, temperature_c_max, load_1m, accepted, rejected)
       SELECT r.agent_id, to_timestamp(r.at_ms / 1000.0), r.hashrate_hps, r.temperature_c_max, r.load_1m, r.accepted, r.rejected
         FROM unnest($1::uuid[], $2::float8[], $3::float8[], $4::float8[], $5::float8[], $6::bigint[], $7::bigint[])
              AS r (agent_id, at_ms, hashrate_hps, temperature_c_max, load_1m, accepted, rejected)
         JOIN agent g ON g.id = r.agent_id
       ON CONFLICT DO NOTHING`,
      [
        samples.map((sample) => sample.agent_id),
        samples.map((sample) => sample.at_ms),
        samples.map((sample) => sample.hashrate_hps),
        samples.map((sample) => sample.temperature_c_max),
        samples.map((sample) => sample.load_1m),
        samples.map((sample) => sample.accepted),
        samples.map((sample) => sample.rejected),
      ],
    );
  }
}

/** Ids of the agents ever seen, newest first, at most `rows_max`. */
export async function knownAgents(sql: Sql, rows_max: number): Promise<string[]> {
  const found = await sql.query<{ id: string }>("SELECT id FROM agent ORDER BY last_seen_at DESC NULLS LAST LIMIT $1", [
    rows_max,
  ]);
  return found.rows.map((row) => row.id);
}

/** Deletes at most `rows_max` samples older than `before_ms`; answers how many, so that the caller goes on until none are left. */
export async function deleteSamplesBefore(sql: Sql, before_ms: number, rows_max: number): Promise<number> {
  const deleted = await sql.query(
    `DELETE FROM agent_sample WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM agent_sample WHERE at < to_timestamp($1::float8 / 1000.0) LIMIT $2))`,
    [before_ms, rows_max],
  );
  return deleted.rowCount ?? 0;
}
