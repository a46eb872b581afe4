import type { SessionDto } from "@otedama/shared";
import type { PrismaClient } from "../generated/client.ts";
import { type Actor, auditLine } from "./audit.ts";
import type { Sql } from "./database.ts";

const SESSIONS_MAX = 200;

/** The open sessions of one person, the one used last first. */
export async function listSessions(sql: Sql, user_id: string, current_id: string | null): Promise<SessionDto[]> {
  const found = await sql.query<SessionDto>(
    `SELECT id, id IS NOT DISTINCT FROM $2 AS current, left(coalesce("userAgent", ''), 300) AS device, coalesce("ipAddress", '') AS address,
            ("createdAt" AT TIME ZONE 'UTC') AS created_at_ms, last_used_at AS last_used_at_ms
       FROM session WHERE "userId" = $1 AND "expiresAt" > (now() AT TIME ZONE 'UTC') ORDER BY last_used_at DESC, id LIMIT ${SESSIONS_MAX}`,
    [user_id, current_id],
  );
  return found.rows;
}

/** False when that person has no such session. */
export async function endSession(prisma: PrismaClient, actor: Actor, user_id: string, id: string): Promise<boolean> {
  return prisma.$transaction(async (tx) => {
    const ended = await tx.session.deleteMany({ where: { id, userId: user_id } });
    if (ended.count === 0) return false;
    await auditLine(tx, actor, { action: "session.end", subject: `session:${id}` });
    return true;
  });
}

/** Ends all sessions of a person but `keep_id`; answers how many those were. */
export async function endSessions(prisma: PrismaClient, actor: Actor, user_id: string, keep_id: string | null): Promise<number> {
  return prisma.$transaction(async (tx) => {
    const ended = await tx.session.deleteMany({
      where: { userId: user_id, ...(keep_id === null ? {} : { id: { not: keep_id } }) },
    });
    if (ended.count > 0) {
      await auditLine(tx, actor, {
        action: "session.end_all",
        subject: `person:${user_id}`,
        after: { sessions_ended: ended.count },
      });
    }
    return ended.count;
  });
}

export async function touchSession(sql: Sql, id: string): Promise<void> {
  await sql.query("UPDATE session SET last_used_at = now() WHERE id = $1 AND last_used_at < now() - interval '30 seconds'", [id]);
}

/** The stored hash of a person's password; null for somebody without one. */
export async function passwordHash(sql: Sql, user_id: string): Promise<string | null> {
  const found = await sql.query<{ password: string | null }>(
    `SELECT password FROM login_credential WHERE "userId" = $1 AND "providerId" = 'credential' LIMIT 1`,
    [user_id],
  );
  return found.rows[0]?.password ?? null;
}

/** A new password signs every other session out: whoever knew the old one is out. */
export async function changePassword(
  prisma: PrismaClient,
  actor: Actor,
  change: { user_id: string; password_hash: string; keep_session_id: string | null },
): Promise<{ sessions_ended: number }> {
  const { user_id, password_hash, keep_session_id } = change;
  return prisma.$transaction(async (tx) => {
    await tx.loginCredential.updateMany({
      where: { userId: user_id, providerId: "credential" },
      data: { password: password_hash },
    });
    const ended = await tx.session.deleteMany({
      where: { userId: user_id, ...(keep_session_id === null ? {} : { id: { not: keep_session_id } }) },
    });
    await auditLine(tx, actor, {
      action: "person.password",
      subject: `person:${user_id}`,
      after: { sessions_ended: ended.count },
    });
    return { sessions_ended: ended.count };
  });
}
