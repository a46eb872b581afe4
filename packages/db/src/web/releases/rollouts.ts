/** Roll-outs: begun, steered and taken back by people, each in one audited transaction. Steps are taken by rollout_steps.ts. */
import type { ReleaseFile, ReleaseManifest, RolloutInput, RolloutPreviewDto, RolloutState, SignedMessage } from "@otedama/shared";
import { type Transaction, transaction } from "../../pool/connect.ts";
import { type Actor, writeAudit } from "../audit.ts";
import type { Sql, WebDatabase } from "../database.ts";
import { OFFLINE_AFTER_S } from "../rigs.ts";
import { CHANNEL_OF } from "./channels.ts";
import { ReleaseError } from "./release_error.ts";
import { insertRelease } from "./releases.ts";
import { RING_LAST, ringSizes } from "./step_rollout.ts";

/** Rigs of the agent `g` that take the release $1: enrolled by their own key, and installed from a lower one. */
const TAKES_IT = "g.public_key IS NOT NULL AND g.release_number < $1";
const ONLINE = `g.last_seen_at > now() - interval '${OFFLINE_AFTER_S} seconds'`;

export async function previewRollout(sql: Sql, target: { release_number: number; channel: string }): Promise<RolloutPreviewDto> {
  const found = await sql.query<RolloutPreviewDto>(
    `SELECT count(*) FILTER (WHERE takes) AS rigs, count(*) FILTER (WHERE takes AND NOT online) AS offline, count(*) FILTER (WHERE NOT takes) AS left_out,
            coalesce(sum(hashrate_hps) FILTER (WHERE takes AND online), 0)::float8 AS hashrate_hps,
            coalesce(sum(power_watts) FILTER (WHERE takes AND online), 0)::float8 AS power_watts,
            count(power_watts) FILTER (WHERE takes AND online) AS power_rigs
       FROM (SELECT coalesce(${TAKES_IT}, false) AS takes, coalesce(${ONLINE}, false) AS online, g.hashrate_hps, g.power_watts
               FROM agent g WHERE g.retired_at IS NULL AND ${CHANNEL_OF} = $2) found`,
    [target.release_number, target.channel],
  );
  const row = found.rows[0];
  if (row === undefined) throw new Error("an aggregate answered no row");
  return row;
}

/** Throws a ReleaseError: `not_found`, `changed`, `wrong_state` when one is not finished, or there is nobody to update. */
export async function startRollout(database: WebDatabase["sql"], actor: Actor, input: RolloutInput): Promise<number> {
  return transaction(database, async (client) => {
    await lockChannel(client, input.channel);
    await signedRelease(client, input.release_number);
    const preview = await previewRollout(client, input);
    if (preview.rigs === 0)
      throw new ReleaseError(
        "wrong_state",
        `No rig of the channel ${input.channel} takes this release: they run it, or a later one.`,
      );
    if (preview.rigs !== input.expected_rigs) {
      throw new ReleaseError(
        "changed",
        `expected_rigs: it would be ${preview.rigs} rigs now, not ${input.expected_rigs}. Look at the preview again.`,
      );
    }
    const id = await insertRollout(client, actor, {
      ...input,
      ring: 0,
      rigs: preview.rigs,
      hashrate_hps: preview.hashrate_hps,
      power_watts: preview.power_rigs === 0 ? null : preview.power_watts,
    });
    const [canary, tenth] = ringSizes(preview.rigs, input.canary_rigs);
    // Canaries must be connected and mining, or nothing is learnt from them; the rest is mixed, so that a tenth is a tenth of every site and rack.
    await client.query(
      `INSERT INTO rollout_rig (rollout_id, agent_id, ring, place, from_release)
       SELECT $3::int, id, CASE WHEN place <= $4 THEN 0 WHEN place <= $5 THEN 1 ELSE 2 END, place, release_number
         FROM (SELECT g.id, g.release_number,
                      row_number() OVER (ORDER BY NOT (coalesce(${ONLINE}, false) AND g.mining), md5(g.id::text || ($3::int)::text)) AS place
                 FROM agent g WHERE g.retired_at IS NULL AND ${TAKES_IT} AND ${CHANNEL_OF} = $2) found`,
      [input.release_number, input.channel, id, canary, canary + tenth],
    );
    await writeAudit(client, actor, {
      action: "rollout.start",
      subject: `rollout:${id}`,
      details: { after: { ...input, ...preview } },
    });
    return id;
  });
}

const FROM: Record<"pause" | "resume" | "cancel", { from: readonly RolloutState[]; to: RolloutState }> = {
  pause: { from: ["running"], to: "paused" },
  resume: { from: ["paused", "stopped"], to: "running" },
  cancel: { from: ["running", "paused", "stopped"], to: "cancelled" },
};

/**
 * Commands that were issued run on; these verbs hold back what comes after. One that stopped by itself and is resumed may fail and lose
 * as much again. Throws a ReleaseError: `not_found`, `wrong_state`.
 */
export async function steerRollout(
  database: WebDatabase["sql"],
  actor: Actor,
  id: number,
  verb: keyof typeof FROM,
): Promise<void> {
  await transaction(database, async (client) => {
    const { state: before } = await lockRollout(client, id);
    const { from, to } = FROM[verb];
    if (!from.includes(before))
      throw new ReleaseError("wrong_state", `The roll-out is ${before.replace("_", " ")}: it cannot be asked to ${verb}.`);
    if (to === "cancelled") await endRollout(client, id, to, "Cancelled. What had been updated stays so.");
    else if (before === "stopped") {
      await client.query(
        `UPDATE rollout SET state = $2, message = NULL, ring_settled_at = NULL,
                failures_max = failures_max + (SELECT count(*) FROM rollout_rig WHERE rollout_id = $1 AND state = 'failed'),
                loss_percent_max = least(100, loss_percent_max * 2) WHERE id = $1`,
        [id, to],
      );
    } else await client.query("UPDATE rollout SET state = $2 WHERE id = $1", [id, to]);
    await writeAudit(client, actor, {
      action: `rollout.${verb}`,
      subject: `rollout:${id}`,
      details: { before: { state: before }, after: { state: to } },
    });
  });
}

/** Rigs of the roll-out $1 that run what it brought, or are about to, and can go back to what most of them ran before. */
export const BACK_TO = `
  SELECT b.release_number, r.version, b.rigs FROM (
    SELECT from_release AS release_number, sum(count(*)) OVER () AS rigs FROM rollout_rig
     WHERE rollout_id = $1 AND state IN ('proved', 'updating') AND from_release IS NOT NULL
     GROUP BY from_release ORDER BY count(*) DESC, from_release DESC LIMIT 1) b
  JOIN release r ON r.number = b.release_number AND r.files_removed_at IS NULL`;

/**
 * Publishes what the rigs ran before under a new number, since numbers only grow, and brings it to all of them, batch by batch. Answers
 * the new roll-out. Throws a ReleaseError: `not_found`, `wrong_state`, `changed`.
 */
export async function rollBackRollout(
  database: WebDatabase["sql"],
  actor: Actor,
  input: { id: number; expected_rigs: number },
  signing: { made_at_ms: number; sign: (manifest: ReleaseManifest) => SignedMessage },
): Promise<{ id: number; release_number: number }> {
  return transaction(database, async (client) => {
    const rollout = await lockRollout(client, input.id);
    if (rollout.state === "rolled_back") throw new ReleaseError("wrong_state", "The roll-out was rolled back already.");
    await lockChannel(client, rollout.channel_name, input.id);
    const found = await client.query<{ release_number: number; version: string; rigs: number }>(BACK_TO, [input.id]);
    const back_to = found.rows[0];
    if (back_to === undefined)
      throw new ReleaseError(
        "wrong_state",
        "There is nothing to go back to: no rig was updated, or the files of what they ran before are gone.",
      );
    if (back_to.rigs !== input.expected_rigs) {
      throw new ReleaseError(
        "changed",
        `expected_rigs: it would be ${back_to.rigs} rigs now, not ${input.expected_rigs}. Look at it again.`,
      );
    }
    const files = await client.query<ReleaseFile>(
      "SELECT platform, name, bytes, sha256 FROM release_file WHERE release_number = $1 ORDER BY platform",
      [back_to.release_number],
    );
    const release_number = await insertRelease(client, actor, {
      ...signing,
      version: back_to.version,
      notes: `Back from release ${rollout.release_number}.`,
      files: files.rows,
      again_of: back_to.release_number,
    });
    await endRollout(
      client,
      input.id,
      "rolled_back",
      `Rolled back to what release ${back_to.release_number} was, as release ${release_number}.`,
    );
    const { batch_rigs, failures_max } = rollout;
    const id = await insertRollout(client, actor, {
      release_number,
      channel: rollout.channel_name,
      ring: RING_LAST,
      batch_rigs,
      failures_max: Math.max(failures_max, back_to.rigs),
      loss_percent_max: 100,
      watch_s: 0,
      rigs: back_to.rigs,
      hashrate_hps: 0,
      power_watts: null,
    });
    await client.query(
      `INSERT INTO rollout_rig (rollout_id, agent_id, ring, place, from_release)
       SELECT $2::int, agent_id, ${RING_LAST}, row_number() OVER (ORDER BY ring, place), $3::int FROM rollout_rig
        WHERE rollout_id = $1 AND state IN ('proved', 'updating') AND from_release IS NOT NULL`,
      [input.id, id, rollout.release_number],
    );
    await writeAudit(client, actor, {
      action: "rollout.roll_back",
      subject: `rollout:${input.id}`,
      details: {
        before: { state: rollout.state },
        after: { rollout: id, release: release_number, again_of: back_to.release_number, rigs: back_to.rigs },
      },
    });
    return { id, release_number };
  });
}

interface NewRollout extends Omit<RolloutInput, "expected_rigs" | "canary_rigs"> {
  ring: number;
  rigs: number;
  hashrate_hps: number;
  power_watts: number | null;
}

async function insertRollout(client: Transaction, actor: Actor, rollout: NewRollout): Promise<number> {
  const { release_number, channel, ring, batch_rigs, failures_max, loss_percent_max, watch_s, rigs, hashrate_hps, power_watts } =
    rollout;
  const made = await client.query<{ id: number }>(
    `INSERT INTO rollout (release_number, channel_name, state, ring, batch_rigs, failures_max, loss_percent_max, watch_s, rigs, hashrate_hps, power_watts, started_by)
     VALUES ($1, $2, 'running', $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`,
    [
      release_number,
      channel,
      ring,
      batch_rigs,
      failures_max,
      loss_percent_max,
      watch_s,
      rigs,
      hashrate_hps,
      power_watts,
      actor.id,
    ],
  );
  const id = made.rows[0]?.id;
  if (id === undefined) throw new Error("the roll-out was not stored");
  return id;
}

/** Ends it, and takes back what was not sent yet. */
export async function endRollout(client: Transaction, id: number, state: RolloutState, message: string): Promise<void> {
  await client.query("UPDATE rollout SET state = $2, message = $3, ended_at = now() WHERE id = $1", [id, state, message]);
  if (state === "done") return;
  await client.query(
    `WITH back AS (
       UPDATE agent_command c SET state = 'cancelled', ended_at = now(), message = 'Its roll-out ended before it was sent.'
         FROM rollout_rig r WHERE r.rollout_id = $1 AND r.command_id = c.id AND c.state = 'queued' RETURNING c.id)
     UPDATE rollout_rig SET state = 'waiting', command_id = NULL FROM back WHERE rollout_id = $1 AND command_id = back.id`,
    [id],
  );
}

/** Nobody else starts one there meanwhile. Throws when one is not finished (but `but`). */
async function lockChannel(client: Transaction, channel: string, but: number | null = null): Promise<void> {
  const found = await client.query("SELECT 1 FROM release_channel WHERE name = $1 FOR UPDATE", [channel]);
  if (found.rowCount === 0) throw new ReleaseError("not_found", "channel: there is no such channel.");
  const open = await client.query<{ id: number }>(
    "SELECT id FROM rollout WHERE channel_name = $1 AND state IN ('running', 'paused', 'stopped') AND id IS DISTINCT FROM $2::int",
    [channel, but],
  );
  if (open.rows[0] !== undefined)
    throw new ReleaseError("wrong_state", `channel: roll-out ${open.rows[0].id} there is not finished. Cancel it first.`);
}

async function signedRelease(client: Transaction, number: number): Promise<void> {
  const found = await client.query("SELECT 1 FROM release WHERE number = $1 AND files_removed_at IS NULL", [number]);
  if (found.rowCount === 0)
    throw new ReleaseError("not_found", "release_number: there is no such release, or its files were deleted for their age.");
}

interface LockedRollout {
  state: RolloutState;
  channel_name: string;
  release_number: number;
  batch_rigs: number;
  failures_max: number;
}

async function lockRollout(client: Transaction, id: number): Promise<LockedRollout> {
  const found = await client.query<LockedRollout>(
    "SELECT state, channel_name, release_number, batch_rigs, failures_max FROM rollout WHERE id = $1 FOR UPDATE",
    [id],
  );
  if (found.rows[0] === undefined) throw new ReleaseError("not_found", "There is no such roll-out.");
  return found.rows[0];
}
