/**
 * One command for many rigs. The rigs are fixed when it is issued; each step is one transaction that locks the action's row, looks at
 * what has become of the commands so far, and issues as many as may be under way at once. So it goes on after a restart where it was,
 * and several web processes may all take steps.
 */
import type { BulkDto, BulkInput, BulkState, BulksPage, CommandBody, CommandState } from "@otedama/shared";
import { COMMAND_STATES } from "@otedama/shared";
import { type Actor, writeAudit } from "../audit.ts";
import type { Sql } from "../database.ts";
import { RIG_TABLES } from "../rigs.ts";
import { issueCommands, OPEN_STATES } from "./commands.ts";
import { FleetError } from "./fleet_error.ts";
import { blastRadius, selectionConditions } from "./selection.ts";
import { storableJson } from "./text.ts";
import { type FleetDatabase, type Transaction, transaction } from "./transaction.ts";

/** Throws a FleetError: `changed` when it would touch another number of rigs than was agreed to. */
export async function createBulk(database: FleetDatabase, actor: Actor, input: BulkInput): Promise<{ id: number }> {
  return transaction(
    database,
    async (client) => {
      const conditions = selectionConditions(input.selection);
      const radius = await blastRadius(client, conditions);
      if (radius.rigs !== input.expected_rigs) {
        throw new FleetError(
          "changed",
          `expected_rigs: it would be ${radius.rigs} rigs now, not ${input.expected_rigs}. Look at the preview again.`,
        );
      }
      const made = await client.query<{ id: number }>(
        `INSERT INTO bulk_action (body, state, batch_rigs, failures_max, deadline_s, rigs, hashrate_hps, power_watts, issued_by)
         VALUES ($1, 'running', $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
        [
          storableJson(input.body),
          input.batch_rigs,
          input.failures_max,
          input.deadline_s,
          radius.rigs,
          radius.hashrate_hps,
          radius.power_rigs === 0 ? null : radius.power_watts,
          actor.id,
        ],
      );
      const id = made.rows[0]?.id;
      if (id === undefined) throw new Error("the bulk action was not stored");
      const place = conditions.params.length + 1;
      await client.query(
        `INSERT INTO bulk_target (bulk_id, place, agent_id)
         SELECT $${place}, row_number() OVER (ORDER BY g.id), g.id FROM ${RIG_TABLES} WHERE ${conditions.text} AND g.public_key IS NOT NULL`,
        [...conditions.params, id],
      );
      const { selection, ...rest } = input;
      await writeAudit(client, actor, {
        action: "bulk.issue",
        subject: `bulk:${id}`,
        details: {
          after: {
            ...rest,
            selection: selection.by === "filter" ? selection : { by: "rigs", count: selection.ids.length },
            ...radius,
          },
        },
      });
      return { id };
    },
    "repeatable read",
  );
}

interface BulkRow {
  id: number;
  body: CommandBody;
  state: BulkState;
  batch_rigs: number;
  failures_max: number;
  deadline_s: number;
  issued_by: string | null;
}

export interface BulkStep {
  bulk_id: number;
  /** Rigs for which a command was written. */
  agent_ids: string[];
  state: BulkState;
}

/** Takes one step of the first running action above `after_id` that no other process has in hand; null when there is none. */
export async function stepBulk(database: FleetDatabase, after_id: number): Promise<BulkStep | null> {
  return transaction(database, async (client) => {
    const found = await client.query<BulkRow>(
      `SELECT id, body, state, batch_rigs, failures_max, deadline_s, issued_by FROM bulk_action
        WHERE state = 'running' AND id > $1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`,
      [after_id],
    );
    const bulk = found.rows[0];
    if (bulk === undefined) return null;
    const counts = await commandCounts(client, bulk.id);
    const failures = counts.failed + counts.expired;
    if (failures > bulk.failures_max) {
      await endBulk(
        client,
        bulk.id,
        "stopped",
        `Stopped by itself: ${failures} rigs failed or did not answer, and ${bulk.failures_max} were allowed.`,
      );
      return { bulk_id: bulk.id, agent_ids: [], state: "stopped" };
    }
    const open = OPEN_STATES.reduce((sum, state) => sum + counts[state], 0);
    const taken = await client.query<{ agent_id: string }>(
      `WITH next AS (SELECT bulk_id, place FROM bulk_target WHERE bulk_id = $1 AND NOT taken ORDER BY place LIMIT $2)
       UPDATE bulk_target t SET taken = true FROM next WHERE t.bulk_id = next.bulk_id AND t.place = next.place RETURNING t.agent_id`,
      [bulk.id, Math.max(0, bulk.batch_rigs - open)],
    );
    const agent_ids = taken.rows.map((row) => row.agent_id);
    if (agent_ids.length > 0) {
      const { body, deadline_s, issued_by } = bulk;
      const issued = await issueCommands(client, { agent_ids, body, issued_by, deadline_s, bulk_id: bulk.id });
      return { bulk_id: bulk.id, agent_ids: issued.map((command) => command.agent_id), state: "running" };
    }
    if (open > 0) return { bulk_id: bulk.id, agent_ids: [], state: "running" };
    await endBulk(client, bulk.id, "done", `${counts.proved} proved, ${failures} failed or did not answer.`);
    return { bulk_id: bulk.id, agent_ids: [], state: "done" };
  });
}

async function endBulk(client: Transaction, id: number, state: BulkState, message: string): Promise<void> {
  await client.query("UPDATE bulk_action SET state = $2, ended_at = now(), message = $3 WHERE id = $1", [id, state, message]);
  if (state === "done") return;
  await client.query(
    "UPDATE agent_command SET state = 'cancelled', ended_at = now(), message = 'Its bulk action ended before it was sent.' WHERE bulk_id = $1 AND state = 'queued'",
    [id],
  );
}

type Counts = Record<CommandState, number>;

async function commandCounts(sql: Sql, bulk_id: number): Promise<Counts> {
  const found = await sql.query<{ state: CommandState; n: number }>(
    "SELECT state, count(*) AS n FROM agent_command WHERE bulk_id = $1 GROUP BY state",
    [bulk_id],
  );
  const counts = Object.fromEntries(COMMAND_STATES.map((state) => [state, 0])) as Counts;
  for (const { state, n } of found.rows) counts[state] = n;
  return counts;
}

const FROM: Record<"pause" | "resume" | "cancel", { from: readonly BulkState[]; to: BulkState }> = {
  pause: { from: ["running"], to: "paused" },
  resume: { from: ["paused", "stopped"], to: "running" },
  cancel: { from: ["running", "paused", "stopped"], to: "cancelled" },
};

/**
 * What has been sent runs on: pausing and cancelling hold back what comes after it. One that stopped by its failures and is resumed may
 * fail as often again. Throws a FleetError: `not_found`, `wrong_state`.
 */
export async function steerBulk(database: FleetDatabase, actor: Actor, id: number, verb: keyof typeof FROM): Promise<void> {
  await transaction(database, async (client) => {
    const found = await client.query<{ state: BulkState }>("SELECT state FROM bulk_action WHERE id = $1 FOR UPDATE", [id]);
    const before = found.rows[0]?.state;
    if (before === undefined) throw new FleetError("not_found", "There is no such bulk action.");
    const { from, to } = FROM[verb];
    if (!from.includes(before))
      throw new FleetError("wrong_state", `The bulk action is ${before}: it cannot be asked to ${verb}.`);
    if (to === "cancelled") await endBulk(client, id, to, "Cancelled. What had been sent ran on.");
    else {
      const counts = await commandCounts(client, id);
      const failures = before === "stopped" ? counts.failed + counts.expired : 0;
      await client.query(
        "UPDATE bulk_action SET state = $2, ended_at = NULL, message = NULL, failures_max = failures_max + $3 WHERE id = $1",
        [id, to, failures],
      );
    }
    await writeAudit(client, actor, {
      action: `bulk.${verb}`,
      subject: `bulk:${id}`,
      details: { before: { state: before }, after: { state: to } },
    });
  });
}

const BULK_COLUMNS = `b.id, b.body, b.state, b.batch_rigs, b.failures_max, b.deadline_s, b.rigs, b.hashrate_hps, b.power_watts,
  coalesce(u.name, b.issued_by) AS issued_by, b.issued_at AS issued_at_ms, b.ended_at AS ended_at_ms, b.message,
  (SELECT jsonb_object_agg(state, n) FROM (SELECT state, count(*) AS n FROM agent_command WHERE bulk_id = b.id GROUP BY state) c) AS counts,
  (SELECT count(*) FROM bulk_target t WHERE t.bulk_id = b.id AND NOT t.taken) AS waiting`;

type BulkListRow = Omit<BulkDto, "counts"> & { counts: Partial<Counts> | null; waiting: number };

function toBulk({ counts, waiting, ...row }: BulkListRow): BulkDto {
  const zero = Object.fromEntries(COMMAND_STATES.map((state) => [state, 0])) as Counts;
  return { ...row, counts: { ...zero, ...counts, waiting } };
}

export async function listBulks(sql: Sql, query: { before_id: number | null; page_size: number }): Promise<BulksPage> {
  const found = await sql.query<BulkListRow>(
    `SELECT ${BULK_COLUMNS} FROM bulk_action b LEFT JOIN "user" u ON u.id = b.issued_by
      WHERE $1::int IS NULL OR b.id < $1 ORDER BY b.id DESC LIMIT $2`,
    [query.before_id, query.page_size + 1],
  );
  const rows = found.rows.slice(0, query.page_size);
  return { rows: rows.map(toBulk), next_before_id: found.rows.length > rows.length ? (rows.at(-1)?.id ?? null) : null };
}

export async function getBulk(sql: Sql, id: number): Promise<BulkDto | null> {
  const found = await sql.query<BulkListRow>(
    `SELECT ${BULK_COLUMNS} FROM bulk_action b LEFT JOIN "user" u ON u.id = b.issued_by WHERE b.id = $1`,
    [id],
  );
  const row = found.rows[0];
  return row === undefined ? null : toBulk(row);
}
