/** Agents' reports: the newest in the agent's row, every one in the history, and the count of those that never came. */
import type { AgentReport, AgentTelemetry } from "@otedama/shared";
import type { Sql } from "../database.ts";
import { type Range, type ReportNumbers, takeNumber } from "./report_numbers.ts";
import { type FleetSample, sampleOf, writeSamples } from "./samples.ts";
import { storable, storableJson } from "./text.ts";
import { type FleetDatabase, transaction } from "./transaction.ts";

/** Rigs belong to a site; the first one is made with the first rig. */
export const DEFAULT_SITE = "home";

export interface ReportRow {
  agent_id: string;
  report: AgentReport;
  /** When it was, by our clock. */
  at_ms: number;
  /** When it came; null for one out of a backlog, which says nothing of the present. */
  arrived_ms: number | null;
}

export type Taken = "new" | "known" | "unknown_agent";

interface NumbersRow {
  id: string;
  report_number: number;
  reports_missing: Range[];
}

/**
 * Stores reports of protocol 2 in one transaction and answers for each whether it was new. One that has come before changes nothing, so
 * a report whose acknowledgement was lost may be sent again.
 */
export async function writeReports(database: FleetDatabase, rows: readonly ReportRow[]): Promise<Taken[]> {
  return transaction(database, async (client) => {
    const ids = [...new Set(rows.map((row) => row.agent_id))].sort();
    const found = await client.query<NumbersRow>(
      "SELECT id, report_number, reports_missing FROM agent WHERE id = ANY ($1::uuid[]) AND public_key IS NOT NULL ORDER BY id FOR NO KEY UPDATE",
      [ids],
    );
    const numbers = new Map(
      found.rows.map((row): [string, ReportNumbers] => [row.id, { highest: row.report_number, missing: row.reports_missing }]),
    );
    const changes = new Map<string, { fresh: number; newest: ReportRow | null }>();
    const samples: FleetSample[] = [];
    const taken = rows.map((row): Taken => {
      const before = numbers.get(row.agent_id);
      if (before === undefined) return "unknown_agent";
      const { numbers: after, fresh } = takeNumber(before, row.report.number);
      if (!fresh) return "known";
      numbers.set(row.agent_id, after);
      samples.push(sampleOf(row.agent_id, row.report, row.at_ms));
      const change = changes.get(row.agent_id) ?? { fresh: 0, newest: null };
      const is_newest = row.arrived_ms !== null && row.report.number > before.highest;
      changes.set(row.agent_id, { fresh: change.fresh + 1, newest: is_newest ? row : change.newest });
      return "new";
    });
    const changed = [...changes].map(([id, change]) => ({ id, ...change, ...(numbers.get(id) as ReportNumbers) }));
    if (changed.length > 0) {
      await client.query(
        `UPDATE agent SET report_number = r.highest, reports_missing = r.missing,
                reports_lost = reports_lost + (r.highest - agent.report_number) - r.fresh,
                telemetry = coalesce(r.telemetry, agent.telemetry),
                last_seen_at = greatest(agent.last_seen_at, to_timestamp(r.arrived_ms / 1000.0))
           FROM unnest($1::uuid[], $2::bigint[], $3::jsonb[], $4::bigint[], $5::jsonb[], $6::float8[])
                AS r (id, highest, missing, fresh, telemetry, arrived_ms)
          WHERE agent.id = r.id`,
        [
          changed.map((agent) => agent.id),
          changed.map((agent) => agent.highest),
          changed.map((agent) => JSON.stringify(agent.missing)),
          changed.map((agent) => agent.fresh),
          changed.map((agent) => (agent.newest === null ? null : storableJson(agent.newest.report))),
          changed.map((agent) => agent.newest?.arrived_ms ?? null),
        ],
      );
    }
    await writeSamples(client, samples);
    return taken;
  });
}

export interface AgentRow {
  id: string;
  name: string;
  /** AgentHelloV1 without its token. */
  hello: unknown;
  telemetry: AgentTelemetry | null;
  seen_at_ms: number;
}

/**
 * Writes agents of protocol 1 and samples, in one statement each. An agent's row never goes back in time, so that a batch written late
 * changes nothing. An agent that has a key is known by it alone, and its row is left.
 */
export async function writeFleet(sql: Sql, agents: readonly AgentRow[], samples: readonly FleetSample[]): Promise<void> {
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
        WHERE agent.public_key IS NULL AND agent.retired_at IS NULL
          AND (agent.last_seen_at IS NULL OR agent.last_seen_at <= excluded.last_seen_at)`,
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
  await writeSamples(sql, samples);
}

/** Ids of the agents ever seen and not retired, newest first, at most `rows_max`. */
export async function knownAgents(sql: Sql, rows_max: number): Promise<string[]> {
  const found = await sql.query<{ id: string }>(
    "SELECT id FROM agent WHERE retired_at IS NULL ORDER BY last_seen_at DESC NULLS LAST LIMIT $1",
    [rows_max],
  );
  return found.rows.map((row) => row.id);
}
