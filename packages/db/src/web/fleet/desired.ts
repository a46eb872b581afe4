/**
 * What each rig should do, written into its row in the transaction of whatever changed it. `desired_revision` above `desired_held` is what
 * is still to be sent: the outbox is the row itself, so nothing is lost between the change and the rig.
 */
import { isDeepStrictEqual } from "node:util";
import type { DesiredReport, DesiredState, FlightSheet, Target } from "@otedama/shared";
import type { Sql } from "../database.ts";
import { type Assignment, assignmentKey, nearestAssignment, type RigPlace, workerUser } from "./resolve.ts";
import { storableJson } from "./text.ts";
import type { Transaction } from "./transaction.ts";

/** Sheet and pause of a DesiredState: what a revision is counted for. */
export type DesiredContent = Pick<DesiredState, "sheet" | "paused">;

/** Whose desired state may have changed. */
export type DesiredScope = readonly string[] | { target: Exclude<Target, "rig">; id: number } | { sheet_id: number };

interface PlacedRow extends RigPlace {
  paused_reason: string | null;
  desired: DesiredContent | null;
  sheet_id: number | null;
}

interface AssignedRow extends Assignment {
  sheet_id: number;
  name: string;
  version: number;
}

const LOCK = 0x07eda3a;

/** Held until the transaction ends, so that a rig that arrives and a sheet that is assigned at the same time see each other. */
async function oneAtATime(client: Transaction): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
}

function scopeCondition(scope: DesiredScope): { text: string; params: unknown[] } {
  if (!("length" in scope)) {
    if ("sheet_id" in scope) return { text: "g.sheet_id = $1", params: [scope.sheet_id] };
    const columns = {
      site: "g.site_id = $1",
      building: "r.building_id = $1",
      rack: "g.rack_id = $1",
      group: "EXISTS (SELECT 1 FROM rig_group_member m WHERE m.agent_id = g.id AND m.group_id = $1)",
    };
    return { text: columns[scope.target], params: [scope.id] };
  }
  return { text: "g.id = ANY ($1::uuid[])", params: [scope] };
}

interface Resolved {
  rig: PlacedRow;
  assigned: AssignedRow | null;
  content: DesiredContent;
  changes: boolean;
}

async function resolve(client: Sql, scope: DesiredScope, lock: "" | "FOR NO KEY UPDATE OF g"): Promise<Resolved[]> {
  const { text, params } = scopeCondition(scope);
  const found = await client.query<PlacedRow>(
    `SELECT g.id, g.name, g.site_id, r.building_id, g.rack_id, r.name AS rack, g.slot, g.paused_reason, g.desired, g.sheet_id,
            ARRAY(SELECT m.group_id FROM rig_group_member m WHERE m.agent_id = g.id) AS group_ids
       FROM agent g LEFT JOIN rack r ON r.id = g.rack_id
      WHERE ${text} AND g.public_key IS NOT NULL AND g.retired_at IS NULL ORDER BY g.id ${lock}`,
    params,
  );
  if (found.rows.length === 0) return [];
  const assigned = await client.query<AssignedRow>(
    `SELECT a.target, a.target_id, a.sheet_id, s.name, coalesce(a.version, s.version) AS version
       FROM flight_assignment a JOIN flight_sheet s ON s.id = a.sheet_id WHERE a.target <> 'rig' OR a.target_id = ANY ($1)`,
    [found.rows.map((rig) => rig.id)],
  );
  const assignments = new Map(assigned.rows.map((row) => [assignmentKey(row.target, row.target_id), row]));
  const versions = await client.query<{ sheet_id: number; version: number; content: FlightSheet }>(
    `SELECT v.sheet_id, v.version, v.content FROM flight_sheet_version v
      WHERE (v.sheet_id, v.version) IN (SELECT * FROM unnest($1::int[], $2::int[]))`,
    [assigned.rows.map((row) => row.sheet_id), assigned.rows.map((row) => row.version)],
  );
  const contents = new Map(versions.rows.map((row) => [`${row.sheet_id}:${row.version}`, row.content]));
  return found.rows.map((rig) => {
    const nearest = nearestAssignment(rig, assignments);
    const sheet = nearest === null ? undefined : contents.get(`${nearest.sheet_id}:${nearest.version}`);
    const content: DesiredContent = {
      sheet:
        nearest === null || sheet === undefined
          ? null
          : { name: nearest.name, version: nearest.version, content: sheet, worker_user: workerUser(sheet, rig) },
      paused: rig.paused_reason === null ? null : { reason: rig.paused_reason },
    };
    const before = rig.desired ?? { sheet: null, paused: null };
    return {
      rig,
      assigned: nearest,
      content,
      changes: !isDeepStrictEqual(before, content) || rig.sheet_id !== (nearest?.sheet_id ?? null),
    };
  });
}

/** Works out what the rigs of a scope should do, and writes what is new under the next revision. Answers whom it changed. */
export async function refreshDesired(client: Transaction, scope: DesiredScope): Promise<string[]> {
  await oneAtATime(client);
  const changed = (await resolve(client, scope, "FOR NO KEY UPDATE OF g")).filter((resolved) => resolved.changes);
  if (changed.length === 0) return [];
  await client.query(
    `UPDATE agent SET desired = r.desired, desired_revision = desired_revision + 1, sheet_id = r.sheet_id, sheet_version = r.version,
            proof_state = 'converging', proof_since = now()
       FROM unnest($1::uuid[], $2::jsonb[], $3::int[], $4::int[]) AS r (id, desired, sheet_id, version) WHERE agent.id = r.id`,
    [
      changed.map(({ rig }) => rig.id),
      changed.map(({ content }) => storableJson(content)),
      changed.map(({ assigned }) => assigned?.sheet_id ?? null),
      changed.map(({ assigned }) => assigned?.version ?? null),
    ],
  );
  return changed.map(({ rig }) => rig.id);
}

/** Whom `refreshDesired` would change, with nothing written. */
export async function wouldChange(client: Transaction, scope: DesiredScope): Promise<string[]> {
  return (await resolve(client, scope, "")).filter((resolved) => resolved.changes).map(({ rig }) => rig.id);
}

/** Keeps rigs from mining, or lets them again (null). The reason is what people read. */
export async function setPaused(client: Transaction, agent_ids: readonly string[], reason: string | null): Promise<string[]> {
  await oneAtATime(client);
  await client.query(
    `WITH locked AS (SELECT id FROM agent WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE)
     UPDATE agent SET paused_reason = $2 FROM locked WHERE agent.id = locked.id`,
    [agent_ids, reason],
  );
  return refreshDesired(client, agent_ids);
}

export interface DesiredToSend {
  agent_id: string;
  revision: number;
  content: DesiredContent | null;
}

/** Of these agents, what they do not hold yet. */
export async function desiredToSend(sql: Sql, agent_ids: readonly string[]): Promise<DesiredToSend[]> {
  const found = await sql.query<DesiredToSend>(
    `SELECT id AS agent_id, desired_revision AS revision, desired AS content FROM agent
      WHERE id = ANY ($1::uuid[]) AND desired_revision > desired_held AND public_key IS NOT NULL AND retired_at IS NULL`,
    [agent_ids],
  );
  return found.rows;
}

/** Agents for whom something waits to be sent. */
export async function agentsWithOpenDesired(sql: Sql, rows_max: number): Promise<string[]> {
  const found = await sql.query<{ id: string }>("SELECT id FROM agent WHERE desired_revision > desired_held LIMIT $1", [
    rows_max,
  ]);
  return found.rows.map((row) => row.id);
}

/** They have said that they hold it. */
export async function noteDesiredHeld(sql: Sql, held: readonly { agent_id: string; revision: number }[]): Promise<void> {
  await sql.query(
    `WITH locked AS (SELECT id FROM agent WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE)
     UPDATE agent SET desired_held = greatest(desired_held, r.revision)
       FROM unnest($1::uuid[], $2::bigint[]) AS r (id, revision) JOIN locked ON locked.id = r.id WHERE agent.id = r.id`,
    [held.map((row) => row.agent_id), held.map((row) => row.revision)],
  );
}

export interface ProofRow {
  agent_id: string;
  report: DesiredReport;
  /** `since_ms` by our clock. */
  since_ms: number;
}

/** Stores what agents prove. A report of an older revision than the newest says nothing of it and is left. */
export async function writeProofs(sql: Sql, rows: readonly ProofRow[]): Promise<void> {
  const newest = [...new Map(rows.map((row) => [row.agent_id, row])).values()];
  await sql.query(
    `WITH locked AS (SELECT id FROM agent WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE)
     UPDATE agent SET proof = r.proof, desired_held = greatest(desired_held, r.revision),
            proof_state = CASE WHEN desired IS NULL THEN NULL ELSE r.state END, proof_since = to_timestamp(r.since_ms / 1000.0)
       FROM unnest($1::uuid[], $2::jsonb[], $3::bigint[], $4::text[], $5::float8[]) AS r (id, proof, revision, state, since_ms)
       JOIN locked ON locked.id = r.id
      WHERE agent.id = r.id AND r.revision = agent.desired_revision`,
    [
      newest.map((row) => row.agent_id),
      newest.map((row) => storableJson(row.report)),
      newest.map((row) => row.report.revision),
      newest.map((row) => row.report.state),
      newest.map((row) => row.since_ms),
    ],
  );
}
