/** Which sheet is meant for whom: a rig, a group of rigs, or a place. */
import type { AssignInput, AssignPreviewQuery, BlastRadiusDto, Target, TargetRef } from "@otedama/shared";
import { type Actor, writeAudit } from "../audit.ts";
import { type DesiredScope, refreshDesired, wouldChange } from "./desired.ts";
import { FleetError } from "./fleet_error.ts";
import { blastRadius } from "./selection.ts";
import { type FleetDatabase, type Transaction, transaction } from "./transaction.ts";

const NAMES = `CASE a.target WHEN 'rig' THEN (SELECT name FROM agent WHERE id::text = a.target_id)
  WHEN 'group' THEN (SELECT name FROM rig_group WHERE id::text = a.target_id) WHEN 'rack' THEN (SELECT name FROM rack WHERE id::text = a.target_id)
  WHEN 'building' THEN (SELECT name FROM building WHERE id::text = a.target_id) ELSE (SELECT name FROM site WHERE id::text = a.target_id) END`;
export const ASSIGNMENT_COLUMNS = `a.target, a.target_id, coalesce(${NAMES}, a.target_id) AS target_name, a.sheet_id, q.name AS sheet_name, a.version,
  coalesce(w.name, a.assigned_by) AS assigned_by, a.assigned_at AS assigned_at_ms`;
export const ASSIGNMENT_TABLES = `flight_assignment a JOIN flight_sheet q ON q.id = a.sheet_id LEFT JOIN "user" w ON w.id = a.assigned_by`;

const TABLES: Record<Target, string> = { rig: "agent", group: "rig_group", rack: "rack", building: "building", site: "site" };

/** Null takes the sheet away: the next farther one counts then. */
async function writeAssignments(
  client: Transaction,
  actor: Actor,
  asked: AssignPreviewQuery,
  then: (client: Transaction, scope: DesiredScope) => Promise<string[]>,
): Promise<string[]> {
  if (asked.sheet_id !== null) {
    const sheet = await client.query<{ archived: boolean; has_version: boolean }>(
      `SELECT archived_at IS NOT NULL AS archived, $2::int IS NULL OR EXISTS (
                SELECT 1 FROM flight_sheet_version v WHERE v.sheet_id = s.id AND v.version = $2) AS has_version
         FROM flight_sheet s WHERE s.id = $1 FOR SHARE`,
      [asked.sheet_id, asked.version],
    );
    const found = sheet.rows[0];
    if (found === undefined) throw new FleetError("not_found", "sheet_id: there is no such sheet.");
    if (found.archived) throw new FleetError("wrong_state", "sheet_id: the sheet is archived. Bring it back first.");
    if (!found.has_version) throw new FleetError("not_found", "version: the sheet has no such version.");
  }
  const changed = new Set<string>();
  for (const [index, { target, id }] of asked.targets.entries()) {
    const there = await client.query(`SELECT 1 FROM ${TABLES[target]} WHERE id::text = $1`, [id.toLowerCase()]);
    if (there.rowCount === 0) throw new FleetError("not_found", `targets.${index}: there is no such ${target}.`);
    if (asked.sheet_id === null) {
      await client.query("DELETE FROM flight_assignment WHERE target = $1 AND target_id = $2", [target, id.toLowerCase()]);
    } else {
      await client.query(
        `INSERT INTO flight_assignment (target, target_id, sheet_id, version, assigned_by) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (target, target_id) DO UPDATE SET sheet_id = excluded.sheet_id, version = excluded.version,
           assigned_by = excluded.assigned_by, assigned_at = now()`,
        [target, id.toLowerCase(), asked.sheet_id, asked.version, actor.id],
      );
    }
  }
  for (const scope of scopesOf(asked.targets)) for (const id of await then(client, scope)) changed.add(id);
  return [...changed];
}

function scopesOf(targets: readonly TargetRef[]): DesiredScope[] {
  const rigs = targets.filter(({ target }) => target === "rig").map(({ id }) => id.toLowerCase());
  const places = targets.flatMap(({ target, id }) => (target === "rig" ? [] : [{ target, id: Number(id) }]));
  return rigs.length === 0 ? places : [rigs, ...places];
}

class Rehearsed extends Error {}

/**
 * What an assignment would change, found by making it and taking it back; the rigs' rows are left alone. Throws a
 * FleetError: `not_found`, `wrong_state`.
 */
export async function previewAssignment(
  database: FleetDatabase,
  actor: Actor,
  asked: AssignPreviewQuery,
): Promise<BlastRadiusDto> {
  let radius: BlastRadiusDto | null = null;
  try {
    await transaction(database, async (client) => {
      const changed = await writeAssignments(client, actor, asked, wouldChange);
      radius = await blastRadius(client, { text: "g.id = ANY ($1::uuid[])", params: [changed] });
      throw new Rehearsed();
    });
  } catch (error) {
    if (!(error instanceof Rehearsed)) throw error;
  }
  if (radius === null) throw new Error("the rehearsal answered nothing");
  return radius;
}

/** Throws a FleetError: `not_found`, `wrong_state`, `changed` (it would touch another number of rigs than was agreed to). */
export async function assignSheet(database: FleetDatabase, actor: Actor, input: AssignInput): Promise<string[]> {
  return transaction(database, async (client) => {
    const before = await client.query<{ target: string; target_id: string; sheet_id: number; version: number | null }>(
      "SELECT target, target_id, sheet_id, version FROM flight_assignment WHERE (target, target_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
      [input.targets.map(({ target }) => target), input.targets.map(({ id }) => id.toLowerCase())],
    );
    const changed = await writeAssignments(client, actor, input, refreshDesired);
    if (changed.length !== input.expected_rigs) {
      throw new FleetError(
        "changed",
        `expected_rigs: it would change ${changed.length} rigs now, not ${input.expected_rigs}. Look at the preview again.`,
      );
    }
    const { sheet_id, version, reason, targets } = input;
    await writeAudit(client, actor, {
      action: sheet_id === null ? "sheet.unassign" : "sheet.assign",
      subject: sheet_id === null ? `${targets[0]?.target}:${targets[0]?.id}` : `sheet:${sheet_id}`,
      details: { before: before.rows, after: { sheet_id, version, targets, reason, rigs: changed.length } },
    });
    return changed;
  });
}
