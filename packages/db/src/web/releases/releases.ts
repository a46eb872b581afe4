/** Signed releases: their rows. The bytes of their files are the control plane's, under their hashes. */
import type { ReleaseDto, ReleaseFile, ReleaseManifest, ReleasesQuery, SignedMessage } from "@otedama/shared";
import { type Transaction, transaction } from "../../pool/connect.ts";
import { type Actor, writeAudit } from "../audit.ts";
import type { Sql, WebDatabase } from "../database.ts";

/** One at a time gets the next number. */
const NUMBER_LOCK = 7_401_600;

export interface NewRelease {
  version: string;
  notes: string;
  files: readonly ReleaseFile[];
  again_of: number | null;
  made_at_ms: number;
  sign: (manifest: ReleaseManifest) => SignedMessage;
}

export async function insertRelease(
  database: WebDatabase["sql"] | Transaction,
  actor: Actor,
  release: NewRelease,
): Promise<number> {
  return transaction(database, async (client) => {
    await client.query("SELECT pg_advisory_xact_lock($1)", [NUMBER_LOCK]);
    const last = await client.query<{ number: number }>("SELECT coalesce(max(number), 0) AS number FROM release");
    const number = (last.rows[0]?.number ?? 0) + 1;
    const { version, notes, files, again_of, made_at_ms, sign } = release;
    const { payload, signature } = sign({ number, version, made_at_ms, files: [...files] });
    await client.query(
      "INSERT INTO release (number, version, payload, signature, notes, again_of, published_by) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      [number, version, payload, signature, notes, again_of, actor.id],
    );
    for (const { platform, name, bytes, sha256 } of files) {
      await client.query("INSERT INTO release_file (release_number, platform, name, bytes, sha256) VALUES ($1, $2, $3, $4, $5)", [
        number,
        platform,
        name,
        bytes,
        sha256,
      ]);
    }
    await writeAudit(client, actor, {
      action: "release.publish",
      subject: `release:${number}`,
      details: { after: { version, notes, again_of, files } },
    });
    return number;
  });
}

const COLUMNS = `r.number, r.version, r.notes, r.again_of, coalesce(u.name, r.published_by) AS published_by, r.published_at AS published_at_ms, r.signature,
  r.files_removed_at IS NULL AS files_kept,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('platform', f.platform, 'name', f.name, 'bytes', f.bytes, 'sha256', f.sha256) ORDER BY f.platform), '[]')
     FROM release_file f WHERE f.release_number = r.number) AS files,
  (SELECT count(*) FROM agent g WHERE g.release_number = r.number AND g.retired_at IS NULL) AS rigs`;

/** The newest first. */
export async function listReleases(
  sql: Sql,
  query: ReleasesQuery,
): Promise<{ rows: ReleaseDto[]; next_before_number: number | null }> {
  const found = await sql.query<ReleaseDto>(
    `SELECT ${COLUMNS} FROM release r LEFT JOIN "user" u ON u.id = r.published_by
      WHERE $1::int IS NULL OR r.number < $1 ORDER BY r.number DESC LIMIT $2`,
    [query.before_number, query.page_size + 1],
  );
  const rows = found.rows.slice(0, query.page_size);
  return { rows, next_before_number: found.rows.length > rows.length ? (rows.at(-1)?.number ?? null) : null };
}

/** As it was signed. Null for one that is not there, or whose files are gone. */
export async function getSignedRelease(sql: Sql, number: number): Promise<SignedMessage | null> {
  const found = await sql.query<SignedMessage>(
    "SELECT payload, signature FROM release WHERE number = $1 AND files_removed_at IS NULL",
    [number],
  );
  return found.rows[0] ?? null;
}

/** The newest release that has its files: what a rig that is set up now should run. Null before the first. */
export async function newestRelease(sql: Sql): Promise<(SignedMessage & { number: number; version: string }) | null> {
  const found = await sql.query<SignedMessage & { number: number; version: string }>(
    "SELECT number, version, payload, signature FROM release WHERE files_removed_at IS NULL ORDER BY number DESC LIMIT 1",
  );
  return found.rows[0] ?? null;
}

/** How long a file is that some release with its files names; null for any other hash. */
export async function releaseFileBytes(sql: Sql, sha256: string): Promise<number | null> {
  const found = await sql.query<{ bytes: number }>(
    `SELECT f.bytes FROM release_file f JOIN release r ON r.number = f.release_number
      WHERE f.sha256 = $1 AND r.files_removed_at IS NULL LIMIT 1`,
    [sha256],
  );
  return found.rows[0]?.bytes ?? null;
}

/**
 * Gives up the files of all but the newest `kept` releases. Those that a channel is on, that rigs run, or that a roll-out still brings, keep theirs.
 * Answers the hashes that some release still needs.
 */
export async function retireReleaseFiles(database: WebDatabase["sql"], kept: number): Promise<Set<string>> {
  return transaction(database, async (client) => {
    await client.query("SELECT pg_advisory_xact_lock($1)", [NUMBER_LOCK]);
    await client.query(
      `UPDATE release SET files_removed_at = now() WHERE files_removed_at IS NULL
          AND number <= coalesce((SELECT number FROM release WHERE files_removed_at IS NULL ORDER BY number DESC OFFSET $1 LIMIT 1), 0)
          AND number NOT IN (SELECT release_number FROM release_channel WHERE release_number IS NOT NULL)
          AND number NOT IN (SELECT release_number FROM rollout WHERE state IN ('running', 'paused', 'stopped'))
          AND number NOT IN (SELECT release_number FROM agent WHERE release_number IS NOT NULL AND retired_at IS NULL)`,
      [kept],
    );
    const needed = await client.query<{ sha256: string }>(
      "SELECT DISTINCT f.sha256 FROM release_file f JOIN release r ON r.number = f.release_number WHERE r.files_removed_at IS NULL",
    );
    return new Set(needed.rows.map(({ sha256 }) => sha256));
  });
}

/** Whose request it is: the raw key, base64. Null for an agent that was never enrolled with one. */
export async function findAgentKey(sql: Sql, agent_id: string): Promise<{ public_key: string; retired: boolean } | null> {
  const found = await sql.query<{ public_key: string; retired: boolean }>(
    "SELECT encode(public_key, 'base64') AS public_key, retired_at IS NOT NULL AS retired FROM agent WHERE id = $1 AND public_key IS NOT NULL",
    [agent_id],
  );
  return found.rows[0] ?? null;
}
