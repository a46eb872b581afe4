/** Channels: which release a site's rigs follow. */
import { CHANNELS_MAX, type ReleaseChannelDto, STABLE_CHANNEL } from "@otedama/shared";
import { transaction } from "../../pool/connect.ts";
import { type Actor, writeAudit } from "../audit.ts";
import type { Sql, WebDatabase } from "../database.ts";
import { ReleaseError } from "./release_error.ts";

/** The channel of the agent `g`. */
export const CHANNEL_OF = `coalesce((SELECT s.channel_name FROM release_channel_site s WHERE s.site_id = g.site_id), '${STABLE_CHANNEL}')`;

export async function listChannels(sql: Sql): Promise<ReleaseChannelDto[]> {
  const found = await sql.query<ReleaseChannelDto>(
    `WITH rig AS (SELECT ${CHANNEL_OF} AS channel, g.release_number, g.version FROM agent g WHERE g.retired_at IS NULL),
          running AS (
            SELECT channel, release_number, version, count(*) AS rigs,
                   row_number() OVER (PARTITION BY channel ORDER BY count(*) DESC, release_number DESC NULLS LAST, version) AS place
              FROM rig GROUP BY channel, release_number, version)
     SELECT c.name, c.release_number,
            (SELECT coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name) ORDER BY t.name), '[]') FROM site t
              LEFT JOIN release_channel_site s ON s.site_id = t.id WHERE coalesce(s.channel_name, '${STABLE_CHANNEL}') = c.name) AS sites,
            (SELECT count(*) FROM rig WHERE rig.channel = c.name) AS rigs,
            (SELECT coalesce(jsonb_agg(jsonb_build_object('release_number', r.release_number, 'version', r.version, 'rigs', r.rigs) ORDER BY r.place), '[]')
               FROM running r WHERE r.channel = c.name AND r.place <= 8) AS running,
            (SELECT max(o.id) FROM rollout o WHERE o.channel_name = c.name AND o.state IN ('running', 'paused', 'stopped')) AS rollout_id
       FROM release_channel c ORDER BY c.name <> '${STABLE_CHANNEL}', c.name`,
  );
  return found.rows;
}

/** Throws a ReleaseError: `not_found`, `too_many`. */
export async function setSiteChannel(
  database: WebDatabase["sql"],
  actor: Actor,
  wanted: { site_id: number; channel: string },
): Promise<void> {
  const { site_id, channel } = wanted;
  await transaction(database, async (client) => {
    const site = await client.query<{ channel: string }>(
      `SELECT coalesce(s.channel_name, '${STABLE_CHANNEL}') AS channel FROM site t LEFT JOIN release_channel_site s ON s.site_id = t.id
        WHERE t.id = $1 FOR UPDATE OF t`,
      [site_id],
    );
    const before = site.rows[0]?.channel;
    if (before === undefined) throw new ReleaseError("not_found", "site_id: there is no such site.");
    const made = await client.query("INSERT INTO release_channel (name) VALUES ($1) ON CONFLICT DO NOTHING", [channel]);
    const channels = await client.query<{ n: number }>("SELECT count(*) AS n FROM release_channel");
    if (made.rowCount === 1 && (channels.rows[0]?.n ?? 0) > CHANNELS_MAX) {
      throw new ReleaseError("too_many", `channel: there are ${CHANNELS_MAX} channels, as many as there may be.`);
    }
    await client.query(
      "INSERT INTO release_channel_site (site_id, channel_name) VALUES ($1, $2) ON CONFLICT (site_id) DO UPDATE SET channel_name = excluded.channel_name",
      [site_id, channel],
    );
    await writeAudit(client, actor, {
      action: "release_channel.set",
      subject: `site:${site_id}`,
      details: { before: { channel: before }, after: { channel } },
    });
  });
}
