import { randomUUID } from "node:crypto";
import { Prisma, type PrismaClient } from "../generated/client.ts";
import type { Sql } from "./database.ts";
import { tokenHash } from "./tokens.ts";

/** Better Auth's name for a password kept here, as against one that another service vouches for. */
const PASSWORD_ISSUER = "local:credential";
const PASSWORD_PROVIDER = "credential";
/** Held by whoever creates the owner, so that two set-ups at once cannot both find that there is none. */
const OWNER_LOCK = 0x0ed4;

export type SetupRefusal = "owner_exists" | "bad_token" | "email_taken";

export async function ownerExists(sql: Sql): Promise<boolean> {
  const found = await sql.query(`SELECT 1 FROM "user" WHERE role = 'owner' LIMIT 1`);
  return found.rows.length > 0;
}

/** Asked before a password is hashed, so that guessing tokens costs the server nothing. */
export async function setupTokenIsGood(sql: Sql, token: string): Promise<boolean> {
  const found = await sql.query("SELECT 1 FROM setup_token WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now()", [
    tokenHash(token),
  ]);
  return found.rows.length > 0;
}

/** Creates the owner and consumes the token, both or neither. Answers the new user's id or why it was refused. */
export async function createOwner(
  prisma: PrismaClient,
  owner: { token: string; name: string; email: string; password_hash: string },
): Promise<{ id: string } | { refused: SetupRefusal }> {
  const created = prisma.$transaction(async (tx): Promise<{ id: string } | { refused: SetupRefusal }> => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${OWNER_LOCK}::bigint)`;
    if ((await tx.user.findFirst({ where: { role: "owner" }, select: { id: true } })) !== null)
      return { refused: "owner_exists" };
    const used = await tx.setupToken.updateMany({
      where: { token_hash: tokenHash(owner.token), used_at: null, expires_at: { gt: new Date() } },
      data: { used_at: new Date() },
    });
    if (used.count !== 1) return { refused: "bad_token" };
    const id = randomUUID();
    await tx.user.create({
      data: {
        id,
        name: owner.name,
        email: owner.email.toLowerCase(),
        emailVerified: true,
        role: "owner",
        loginCredentials: {
          create: {
            id: randomUUID(),
            accountId: id,
            providerId: PASSWORD_PROVIDER,
            issuer: PASSWORD_ISSUER,
            password: owner.password_hash,
          },
        },
      },
    });
    await tx.auditLog.create({ data: { actor: id, action: "setup.complete", subject: `user:${id}`, details: {} } });
    return { id };
  });
  return created.catch((error: unknown) => {
    // The only unique value that a person chose is the address.
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002") return { refused: "email_taken" };
    throw error;
  });
}

export async function writeAudit(
  sql: Sql,
  line: { actor: string; action: string; subject: string; details?: Record<string, unknown> },
): Promise<void> {
  await sql.query("INSERT INTO audit_log (actor, action, subject, details) VALUES ($1, $2, $3, $4)", [
    line.actor,
    line.action,
    line.subject,
    JSON.stringify(line.details ?? {}),
  ]);
}

/** Of these session ids, the ones that ended: signed out, removed or expired. */
export async function endedSessions(sql: Sql, ids: string[]): Promise<string[]> {
  const found = await sql.query<{ id: string }>(
    `SELECT r.id FROM unnest($1::text[]) AS r (id) LEFT JOIN session s ON s.id = r.id
      WHERE s.id IS NULL OR s."expiresAt" <= (now() AT TIME ZONE 'UTC')`,
    [ids],
  );
  return found.rows.map((row) => row.id);
}

/** Removes sessions and set-up links that nobody can use any more. */
export async function deleteExpired(sql: Sql): Promise<void> {
  await sql.query(`DELETE FROM session WHERE "expiresAt" <= (now() AT TIME ZONE 'UTC') - interval '1 day'`);
  await sql.query("DELETE FROM setup_token WHERE expires_at <= now() - interval '1 day'");
}
