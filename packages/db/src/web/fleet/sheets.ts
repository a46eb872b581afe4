/** Flight sheets by version. A version is never changed: a change is a new one, an undo is a new one with an old content. */
import type {
  AssignmentDto,
  FieldChange,
  FlightSheet,
  SheetChangeInput,
  SheetCreateInput,
  SheetDetailDto,
  SheetDto,
  SheetUndoInput,
  SheetVersionDto,
} from "@otedama/shared";
import { fieldChanges } from "@otedama/shared";
import { type Actor, writeAudit } from "../audit.ts";
import type { Sql } from "../database.ts";
import { ASSIGNMENT_COLUMNS, ASSIGNMENT_TABLES } from "./assignments.ts";
import { refreshDesired } from "./desired.ts";
import { FleetError } from "./fleet_error.ts";
import { storableJson } from "./text.ts";
import { type FleetDatabase, type Transaction, transaction } from "./transaction.ts";

export const SHEETS_MAX = 1_000;

const SHEET_COLUMNS = `s.id, s.name, s.version, s.archived_at AS archived_at_ms, v.content, coalesce(u.name, v.author) AS author, v.reason,
  v.created_at AS changed_at_ms, (SELECT count(*) FROM flight_assignment a WHERE a.sheet_id = s.id) AS assignments,
  (SELECT jsonb_build_object('total', count(*), 'proved', count(*) FILTER (WHERE proof_state = 'proved'),
          'converging', count(*) FILTER (WHERE proof_state = 'converging'), 'drifting', count(*) FILTER (WHERE proof_state = 'drifting'),
          'failing', count(*) FILTER (WHERE proof_state = 'failing'))
     FROM agent g WHERE g.sheet_id = s.id AND g.retired_at IS NULL) AS rigs`;
const SHEET_TABLES = `flight_sheet s JOIN flight_sheet_version v ON v.sheet_id = s.id AND v.version = s.version LEFT JOIN "user" u ON u.id = v.author`;

export async function listSheets(sql: Sql, query: { archived: boolean }): Promise<SheetDto[]> {
  const found = await sql.query<SheetDto>(
    `SELECT ${SHEET_COLUMNS} FROM ${SHEET_TABLES} WHERE (s.archived_at IS NOT NULL) = $1 ORDER BY lower(s.name), s.id LIMIT ${SHEETS_MAX}`,
    [query.archived],
  );
  return found.rows;
}

/** Null when there is no such sheet. */
export async function getSheet(sql: Sql, id: number): Promise<SheetDetailDto | null> {
  const [sheet, versions, assigned] = await Promise.all([
    sql.query<SheetDto>(`SELECT ${SHEET_COLUMNS} FROM ${SHEET_TABLES} WHERE s.id = $1`, [id]),
    sql.query<SheetVersionDto>(
      `SELECT v.version, coalesce(u.name, v.author) AS author, v.reason, v.created_at AS created_at_ms, v.content
         FROM flight_sheet_version v LEFT JOIN "user" u ON u.id = v.author WHERE v.sheet_id = $1 ORDER BY v.version DESC LIMIT 100`,
      [id],
    ),
    sql.query<AssignmentDto>(
      `SELECT ${ASSIGNMENT_COLUMNS} FROM ${ASSIGNMENT_TABLES} WHERE a.sheet_id = $1 ORDER BY a.assigned_at DESC, a.id DESC LIMIT 1000`,
      [id],
    ),
  ]);
  const row = sheet.rows[0];
  return row === undefined ? null : { ...row, versions: versions.rows, assigned: assigned.rows };
}

/** Null when one of the versions is not there. */
export async function diffSheet(
  sql: Sql,
  query: { id: number; from_version: number; to_version: number },
): Promise<FieldChange[] | null> {
  const found = await sql.query<{ version: number; content: FlightSheet }>(
    "SELECT version, content FROM flight_sheet_version WHERE sheet_id = $1 AND version IN ($2, $3)",
    [query.id, query.from_version, query.to_version],
  );
  const of = (version: number) => found.rows.find((row) => row.version === version)?.content;
  const [before, after] = [of(query.from_version), of(query.to_version)];
  return before === undefined || after === undefined ? null : fieldChanges(before, after);
}

/** Throws a FleetError: `taken` (the name), `too_many`. */
export async function createSheet(
  database: FleetDatabase,
  actor: Actor,
  input: SheetCreateInput,
): Promise<{ id: number; version: number }> {
  return transaction(database, async (client) => {
    const count = await client.query<{ n: number }>("SELECT count(*) AS n FROM flight_sheet");
    if ((count.rows[0]?.n ?? 0) >= SHEETS_MAX)
      throw new FleetError("too_many", `There are ${SHEETS_MAX} sheets, which is as many as there may be.`);
    const made = await client.query<{ id: number }>(
      "INSERT INTO flight_sheet (name, version) VALUES ($1, 1) ON CONFLICT (name) DO NOTHING RETURNING id",
      [input.name],
    );
    const id = made.rows[0]?.id;
    if (id === undefined)
      throw new FleetError("taken", "name: there is a sheet of this name already, maybe among the archived ones.");
    await writeVersion(client, actor, { id, version: 1, content: input.content, reason: input.reason });
    await writeAudit(client, actor, {
      action: "sheet.create",
      subject: `sheet:${id}`,
      details: {
        after: { name: input.name, reason: input.reason, content: withoutPasswords(input.content) },
      },
    });
    return { id, version: 1 };
  });
}

interface LockedSheet {
  name: string;
  version: number;
  archived: boolean;
  content: FlightSheet;
}

async function lockSheet(client: Transaction, id: number, version: number): Promise<LockedSheet> {
  const found = await client.query<LockedSheet>(
    `SELECT s.name, s.version, s.archived_at IS NOT NULL AS archived, v.content
       FROM flight_sheet s JOIN flight_sheet_version v ON v.sheet_id = s.id AND v.version = s.version WHERE s.id = $1 FOR UPDATE OF s`,
    [id],
  );
  const sheet = found.rows[0];
  if (sheet === undefined) throw new FleetError("not_found", "There is no such sheet.");
  if (sheet.archived) throw new FleetError("wrong_state", "The sheet is archived. Bring it back first.");
  if (sheet.version !== version) {
    throw new FleetError(
      "changed",
      `version: somebody saved version ${sheet.version} meanwhile, and you looked at ${version}. Look at the difference first.`,
    );
  }
  return sheet;
}

async function writeVersion(
  client: Transaction,
  actor: Actor,
  written: { id: number; version: number; content: FlightSheet; reason: string },
): Promise<void> {
  await client.query(
    "INSERT INTO flight_sheet_version (sheet_id, version, content, author, reason) VALUES ($1, $2, $3, $4, $5)",
    [written.id, written.version, storableJson(written.content), actor.id, written.reason],
  );
  await client.query("UPDATE flight_sheet SET version = $2 WHERE id = $1", [written.id, written.version]);
}

export interface SheetChanged {
  id: number;
  version: number;
  /** Rigs whose desired state is another one now. */
  agent_ids: string[];
}

/** Throws a FleetError: `not_found`, `wrong_state` (archived), `changed` (another version by now), `bad_input` (nothing is different). */
export async function changeSheet(database: FleetDatabase, actor: Actor, input: SheetChangeInput): Promise<SheetChanged> {
  return transaction(database, (client) => change(client, actor, input, "sheet.change"));
}

/** A new version with the content of an old one. Throws as `changeSheet` does. */
export async function undoSheet(database: FleetDatabase, actor: Actor, input: SheetUndoInput): Promise<SheetChanged> {
  return transaction(database, async (client) => {
    const old = await client.query<{ content: FlightSheet }>(
      "SELECT content FROM flight_sheet_version WHERE sheet_id = $1 AND version = $2",
      [input.id, input.to_version],
    );
    const content = old.rows[0]?.content;
    if (content === undefined) throw new FleetError("not_found", "to_version: the sheet has no such version.");
    return change(client, actor, { id: input.id, version: input.version, content, reason: input.reason }, "sheet.undo");
  });
}

async function change(client: Transaction, actor: Actor, input: SheetChangeInput, action: string): Promise<SheetChanged> {
  const sheet = await lockSheet(client, input.id, input.version);
  const changes = fieldChanges(sheet.content, input.content);
  if (changes.length === 0) throw new FleetError("bad_input", "content: nothing is different from what it is.");
  const version = sheet.version + 1;
  await writeVersion(client, actor, { id: input.id, version, content: input.content, reason: input.reason });
  const agent_ids = await refreshDesired(client, { sheet_id: input.id });
  await writeAudit(client, actor, {
    action,
    subject: `sheet:${input.id}`,
    details: {
      before: { version: sheet.version },
      after: { name: sheet.name, version, reason: input.reason, rigs: agent_ids.length, changes: changes.map(withoutPassword) },
    },
  });
  return { id: input.id, version, agent_ids };
}

/** An archived sheet is assigned to nothing. Throws a FleetError: `not_found`, `wrong_state`. */
export async function archiveSheet(
  database: FleetDatabase,
  actor: Actor,
  input: { id: number; archived: boolean },
): Promise<void> {
  await transaction(database, async (client) => {
    const found = await client.query<{ name: string; archived: boolean; assignments: number }>(
      `SELECT name, archived_at IS NOT NULL AS archived, (SELECT count(*) FROM flight_assignment WHERE sheet_id = s.id) AS assignments
         FROM flight_sheet s WHERE id = $1 FOR UPDATE`,
      [input.id],
    );
    const sheet = found.rows[0];
    if (sheet === undefined) throw new FleetError("not_found", "There is no such sheet.");
    if (sheet.archived === input.archived) return;
    if (input.archived && sheet.assignments > 0) {
      throw new FleetError(
        "wrong_state",
        `The sheet is assigned in ${sheet.assignments} places. Assign another one there, or none, first.`,
      );
    }
    await client.query("UPDATE flight_sheet SET archived_at = CASE WHEN $2 THEN now() END WHERE id = $1", [
      input.id,
      input.archived,
    ]);
    await writeAudit(client, actor, {
      action: input.archived ? "sheet.archive" : "sheet.restore",
      subject: `sheet:${input.id}`,
      details: { after: { name: sheet.name } },
    });
  });
}

const withoutPasswords = (content: FlightSheet) => ({ ...content, pools: content.pools.map(({ url }) => ({ url })) });
const withoutPassword = (one: FieldChange): FieldChange =>
  one.field.endsWith("password") || /^pools(\.\d+)?$/.test(one.field) ? { field: one.field, before: "…", after: "…" } : one;
