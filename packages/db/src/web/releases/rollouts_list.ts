import { ROLLOUT_RIG_STATES, type RolloutDto, type RolloutRigState, type RolloutsQuery } from "@otedama/shared";
import type { Sql } from "../database.ts";
import { OFFLINE_AFTER_S } from "../rigs.ts";
import { BACK_TO } from "./rollouts.ts";
import { SETTLE_MS } from "./step_rollout.ts";

const FAILED_MAX = 20;

interface Row extends Omit<RolloutDto, "rings" | "watch_until_ms" | "failures" | "loss_percent" | "back_to" | "failed"> {
  ring_settled_at_ms: number | null;
  watch_s: number;
}

/** The newest first. */
export async function listRollouts(
  sql: Sql,
  query: RolloutsQuery,
): Promise<{ rows: RolloutDto[]; next_before_id: number | null }> {
  const found = await sql.query<Row>(
    `SELECT o.id, o.release_number, e.version, o.channel_name AS channel, o.state, o.ring, o.ring_settled_at AS ring_settled_at_ms, o.watch_s, o.batch_rigs,
            o.failures_max, o.loss_percent_max, o.rigs, o.hashrate_hps, o.power_watts, coalesce(u.name, o.started_by) AS started_by,
            o.started_at AS started_at_ms, o.ended_at AS ended_at_ms, o.message
       FROM rollout o JOIN release e ON e.number = o.release_number LEFT JOIN "user" u ON u.id = o.started_by
      WHERE $1::int IS NULL OR o.id < $1 ORDER BY o.id DESC LIMIT $2`,
    [query.before_id, query.page_size + 1],
  );
  const rows = found.rows.slice(0, query.page_size);
  const next_before_id = found.rows.length > rows.length ? (rows.at(-1)?.id ?? null) : null;
  return { rows: await Promise.all(rows.map((row) => withRigs(sql, row))), next_before_id };
}

interface RingRow {
  ring: number;
  state: RolloutRigState;
  rigs: number;
  offline: number;
  before_hps: number;
  after_hps: number;
}

async function withRigs(sql: Sql, { ring_settled_at_ms, watch_s, ...row }: Row): Promise<RolloutDto> {
  const online = `coalesce(g.last_seen_at > now() - interval '${OFFLINE_AFTER_S} seconds', false)`;
  const compared = `r.hashrate_hps > 0 AND r.settled_at < now() - interval '${SETTLE_MS / 1000} seconds' AND g.retired_at IS NULL`;
  const [counted, back_to, failed] = await Promise.all([
    sql.query<RingRow>(
      `SELECT r.ring, r.state, count(*) AS rigs, count(*) FILTER (WHERE NOT ${online}) AS offline,
              coalesce(sum(r.hashrate_hps) FILTER (WHERE ${compared}), 0)::float8 AS before_hps,
              coalesce(sum(g.hashrate_hps) FILTER (WHERE ${compared} AND ${online}), 0)::float8 AS after_hps
         FROM rollout_rig r JOIN agent g ON g.id = r.agent_id WHERE r.rollout_id = $1 GROUP BY r.ring, r.state`,
      [row.id],
    ),
    sql.query<NonNullable<RolloutDto["back_to"]>>(BACK_TO, [row.id]),
    sql.query<RolloutDto["failed"][number]>(
      `SELECT r.agent_id AS rig_id, g.name AS rig_name, coalesce(r.message, '') AS message FROM rollout_rig r JOIN agent g ON g.id = r.agent_id
        WHERE r.rollout_id = $1 AND r.state = 'failed' ORDER BY r.settled_at, g.name LIMIT ${FAILED_MAX}`,
      [row.id],
    ),
  ]);
  const rings = [0, 1, 2].map((ring) => {
    const mine = counted.rows.filter((one) => one.ring === ring);
    const counts = Object.fromEntries(
      ROLLOUT_RIG_STATES.map((state) => [state, mine.find((one) => one.state === state)?.rigs ?? 0]),
    );
    const waiting = mine.find((one) => one.state === "waiting");
    const rigs = mine.reduce((sum, one) => sum + one.rigs, 0);
    return { ring, rigs, counts: counts as Record<RolloutRigState, number>, offline: waiting?.offline ?? 0 };
  });
  const proved = counted.rows.filter((one) => one.state === "proved");
  const before_hps = proved.reduce((sum, one) => sum + one.before_hps, 0);
  const after_hps = proved.reduce((sum, one) => sum + one.after_hps, 0);
  return {
    ...row,
    rings,
    watch_until_ms: row.state === "running" && ring_settled_at_ms !== null ? ring_settled_at_ms + watch_s * 1000 : null,
    failures: rings.reduce((sum, ring) => sum + ring.counts.failed, 0),
    loss_percent: before_hps > 0 ? (1 - after_hps / before_hps) * 100 : null,
    back_to: row.state === "rolled_back" ? null : (back_to.rows[0] ?? null),
    failed: failed.rows,
  };
}
