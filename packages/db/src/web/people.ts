import { randomUUID } from "node:crypto";
import type { Role } from "@otedama/shared";
import { Prisma, type PrismaClient } from "../generated/client.ts";
import { auditLine } from "./audit.ts";
import type { Sql } from "./database.ts";
import { tokenHash } from "./tokens.ts";

/** Better Auth's name for a password kept here, as against one that another service vouches for. */
const PASSWORD_ISSUER = "local:credential";
const PASSWORD_PROVIDER = "credential";
/** Held by whoever changes how many owners there are, so that two at once cannot both find that it may be done. */
export const OWNER_LOCK = 0x0ed4;

/** A person who signs in with a password. */
export async function createPerson(
  tx: Prisma.TransactionClient,
  person: { name: string; email: string; role: Role; password_hash: string },
): Promise<string> {
  const id = randomUUID();
  await tx.user.create({
    data: {
      id,
      name: person.name,
      email: person.email.toLowerCase(),
      emailVerified: true,
      role: person.role,
      loginCredentials: {
        create: {
          id: randomUUID(),
          accountId: id,
          providerId: PASSWORD_PROVIDER,
          issuer: PASSWORD_ISSUER,
          password: person.password_hash,
        },
      },
    },
  });
  return id;
}

/** True when a statement broke the rule that an e-mail address is one person's. */
export function isEmailTaken(error: unknown): boolean {
  // The only unique value that a person chose is the address.
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002";
}

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
    const id = await createPerson(tx, { ...owner, role: "owner" });
    await auditLine(tx, { id, address: null }, { action: "setup.complete", subject: `person:${id}`, after: { role: "owner" } });
    return { id };
  });
  return created.catch((error: unknown) => {
    if (isEmailTaken(error)) return { refused: "email_taken" };
    throw error;
  });
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
  await sql.query("DELETE FROM invite WHERE expires_at <= now() - interval '30 days'");
}
