/**
 * Takes steps of roll-outs, each in one transaction that holds the roll-out's row: after a restart it goes on where it was, and several
 * web processes may all take steps.
 */
import type { RolloutRigState } from "@otedama/shared";
import { type Transaction, transaction } from "../../pool/connect.ts";
import type { Sql, WebDatabase } from "../database.ts";
import { issueCommands } from "../fleet/commands.ts";
import { OFFLINE_AFTER_S } from "../rigs.ts";
import { endRollout } from "./rollouts.ts";
import { type RolloutRigRow, type RolloutRow, stepRollout } from "./step_rollout.ts";

/** Long enough for the file to come over a slow line, and for the trial after it. */
const DEADLINE_S = 7_200;

export interface RolloutStep {
  rollout_id: number;
  /** Rigs for which a command was written. */
  agent_ids: string[];
  changed: boolean;
  /** It stopped by itself, and why. */
  stopped: string | null;
}

interface StepRow extends RolloutRow {
  id: number;
  channel_name: string;
  started_by: string | null;
}

const RIG_ROWS = `
  SELECT r.agent_id, r.ring, r.state, r.settled_at AS settled_at_ms, r.hashrate_hps AS hashrate_before_hps, c.state AS command_state, c.message AS command_message,
         g.release_number, g.retired_at IS NOT NULL AS retired, g.hashrate_hps,
         coalesce(g.last_seen_at > now() - interval '${OFFLINE_AFTER_S} seconds', false) AS online
    FROM rollout_rig r JOIN agent g ON g.id = r.agent_id LEFT JOIN agent_command c ON c.id = r.command_id WHERE r.rollout_id = $1 ORDER BY r.ring, r.place`;

/** One step of the first unfinished roll-out above `after_id` that no other process has in hand; null when there is none. */
export async function stepRolloutAfter(
  database: WebDatabase["sql"],
  after_id: number,
  now_ms: number,
): Promise<RolloutStep | null> {
  return transaction(database, async (client) => {
    const found = await client.query<StepRow>(
      `SELECT id, channel_name, started_by, state, release_number, ring, ring_settled_at AS ring_settled_at_ms, batch_rigs, failures_max, loss_percent_max, watch_s
         FROM rollout WHERE state IN ('running', 'paused', 'stopped') AND id > $1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`,
      [after_id],
    );
    const rollout = found.rows[0];
    if (rollout === undefined) return null;
    const rigs = await client.query<RolloutRigRow>(RIG_ROWS, [rollout.id]);
    const { settle, issue, ring, ring_settled_at_ms, end } = stepRollout(rollout, rigs.rows, now_ms);
    await writeSettled(client, rollout.id, settle);
    const agent_ids = await issueUpdates(client, rollout, issue);
    await client.query("UPDATE rollout SET ring = $2, ring_settled_at = to_timestamp($3::float8 / 1000) WHERE id = $1", [
      rollout.id,
      ring,
      ring_settled_at_ms,
    ]);
    if (end?.state === "stopped") {
      await client.query("UPDATE rollout SET state = 'stopped', message = $2 WHERE id = $1", [rollout.id, end.message]);
    } else if (end?.state === "done") {
      await endRollout(client, rollout.id, "done", end.message);
      await client.query("UPDATE release_channel SET release_number = $2 WHERE name = $1", [
        rollout.channel_name,
        rollout.release_number,
      ]);
    }
    const changed = settle.length > 0 || agent_ids.length > 0 || ring !== rollout.ring || end !== null;
    return { rollout_id: rollout.id, agent_ids, changed, stopped: end?.state === "stopped" ? end.message : null };
  });
}

async function writeSettled(
  client: Transaction,
  id: number,
  settle: readonly { agent_id: string; state: RolloutRigState; message: string | null }[],
) {
  if (settle.length === 0) return;
  await client.query(
    `UPDATE rollout_rig r SET state = s.state, message = s.message, settled_at = now()
       FROM unnest($2::uuid[], $3::text[], $4::text[]) AS s (agent_id, state, message) WHERE r.rollout_id = $1 AND r.agent_id = s.agent_id`,
    [id, settle.map((one) => one.agent_id), settle.map((one) => one.state), settle.map((one) => one.message)],
  );
}

async function issueUpdates(
  client: Transaction,
  rollout: Pick<StepRow, "id" | "release_number" | "started_by">,
  agent_ids: readonly string[],
): Promise<string[]> {
  if (agent_ids.length === 0) return [];
  const issued = await issueCommands(client, {
    agent_ids,
    body: { kind: "update", release_number: rollout.release_number },
    issued_by: rollout.started_by,
    deadline_s: DEADLINE_S,
    bulk_id: null,
  });
  // What a rig did before is measured when its turn comes: that is what it is compared with.
  await client.query(
    `UPDATE rollout_rig r SET state = 'updating', command_id = i.command_id, from_release = coalesce(g.release_number, r.from_release), hashrate_hps = g.hashrate_hps
       FROM unnest($2::uuid[], $3::uuid[]) AS i (agent_id, command_id) JOIN agent g ON g.id = i.agent_id WHERE r.rollout_id = $1 AND r.agent_id = i.agent_id`,
    [rollout.id, issued.map((one) => one.agent_id), issued.map((one) => one.id)],
  );
  return issued.map((one) => one.agent_id);
}

/**
 * Rigs that were away while their channel's last roll-out went by, and are back: they get it now, so many at a time. Answers whom a
 * command was written for.
 */
export async function updateLateRigs(database: WebDatabase["sql"], rigs_max: number): Promise<string[]> {
  return transaction(database, async (client) => {
    const found = await client.query<{ rollout_id: number; release_number: number; started_by: string | null; agent_id: string }>(
      `SELECT r.rollout_id, o.release_number, o.started_by, r.agent_id FROM rollout_rig r
         JOIN rollout o ON o.id = r.rollout_id JOIN release_channel n ON n.name = o.channel_name AND n.release_number = o.release_number
         JOIN agent g ON g.id = r.agent_id JOIN release e ON e.number = o.release_number
        WHERE o.state = 'done' AND r.state = 'waiting' AND g.retired_at IS NULL AND e.files_removed_at IS NULL AND g.release_number < o.release_number
          AND g.last_seen_at > now() - interval '${OFFLINE_AFTER_S} seconds'
        ORDER BY r.rollout_id, r.place LIMIT $1 FOR UPDATE OF r SKIP LOCKED`,
      [rigs_max],
    );
    const late: string[] = [];
    for (const [id, rows] of Map.groupBy(found.rows, (row) => row.rollout_id)) {
      const [first] = rows;
      if (first === undefined) continue;
      const { release_number, started_by } = first;
      late.push(
        ...(await issueUpdates(
          client,
          { id, release_number, started_by },
          rows.map((row) => row.agent_id),
        )),
      );
    }
    return late;
  });
}

/** What became of rigs that were updated late: their roll-out is over, so nobody else looks. */
export async function settleLateRigs(sql: Sql): Promise<void> {
  await sql.query(
    `UPDATE rollout_rig r SET settled_at = now(), message = c.message,
            state = CASE WHEN c.state = 'proved' THEN 'proved' ELSE 'failed' END
       FROM rollout o, agent_command c
      WHERE o.id = r.rollout_id AND o.state NOT IN ('running', 'paused', 'stopped') AND r.state = 'updating' AND c.id = r.command_id
        AND c.state IN ('proved', 'failed', 'expired', 'cancelled')`,
  );
}
