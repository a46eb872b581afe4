/** One-time links for joining. Shown once; the database keeps the token's hash. */
import type { InviteDto, Role } from "@otedama/shared";
import type { PrismaClient } from "../generated/client.ts";
import { type Actor, auditLine } from "./audit.ts";
import type { Sql } from "./database.ts";
import { createPerson, isEmailTaken } from "./people.ts";
import { newToken, tokenHash } from "./tokens.ts";

/** Beyond it the owner has to use or withdraw some first. */
const OPEN_INVITES_MAX = 100;

const OPEN = "used_at IS NULL AND revoked_at IS NULL AND expires_at > now()";

export async function openInvites(sql: Sql): Promise<InviteDto[]> {
  const found = await sql.query<InviteDto>(
    `SELECT i.id, i.email, i.role, coalesce(u.name, i.created_by) AS created_by, i.created_at AS created_at_ms, i.expires_at AS expires_at_ms
       FROM invite i LEFT JOIN "user" u ON u.id = i.created_by WHERE i.used_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now()
      ORDER BY i.id DESC`,
  );
  return found.rows;
}

/** A second invite for an address takes the place of the first. */
export async function createInvite(
  prisma: PrismaClient,
  actor: Actor,
  wanted: { email: string; role: Role; hours: number },
): Promise<{ invite: InviteDto; token: string } | { refused: "email_taken" | "too_many" }> {
  const email = wanted.email.toLowerCase();
  const token = newToken();
  return prisma.$transaction(async (tx) => {
    if ((await tx.user.findUnique({ where: { email }, select: { id: true } })) !== null) return { refused: "email_taken" };
    await tx.invite.updateMany({ where: { email, used_at: null, revoked_at: null }, data: { revoked_at: new Date() } });
    const open = await tx.invite.count({ where: { used_at: null, revoked_at: null, expires_at: { gt: new Date() } } });
    if (open >= OPEN_INVITES_MAX) return { refused: "too_many" };
    const created_at = new Date();
    const made = await tx.invite.create({
      data: {
        token_hash: tokenHash(token),
        email,
        role: wanted.role,
        created_by: actor.id,
        created_at,
        expires_at: new Date(created_at.getTime() + wanted.hours * 3_600_000),
      },
    });
    await auditLine(tx, actor, {
      action: "invite.create",
      subject: `invite:${made.id}`,
      after: { email, role: wanted.role, hours: wanted.hours },
    });
    const creator = await tx.user.findUnique({ where: { id: actor.id }, select: { name: true } });
    const invite: InviteDto = {
      id: made.id,
      email,
      role: wanted.role,
      created_by: creator?.name ?? actor.id,
      created_at_ms: made.created_at.getTime(),
      expires_at_ms: made.expires_at.getTime(),
    };
    return { invite, token };
  });
}

/** False when there is no such invite that could still be used. */
export async function revokeInvite(prisma: PrismaClient, actor: Actor, id: number): Promise<boolean> {
  return prisma.$transaction(async (tx) => {
    const revoked = await tx.invite.updateMany({
      where: { id, used_at: null, revoked_at: null },
      data: { revoked_at: new Date() },
    });
    if (revoked.count === 0) return false;
    await auditLine(tx, actor, { action: "invite.revoke", subject: `invite:${id}` });
    return true;
  });
}

/** What an invite offers; null for one that does not work (any more). */
export async function inviteOffer(sql: Sql, token: string): Promise<{ email: string; role: Role } | null> {
  const found = await sql.query<{ email: string; role: Role }>(
    `SELECT email, role FROM invite WHERE token_hash = $1 AND ${OPEN}`,
    [tokenHash(token)],
  );
  return found.rows[0] ?? null;
}

/** Makes the person and uses the invite up, both or neither. */
export async function acceptInvite(
  prisma: PrismaClient,
  address: string | null,
  joining: { token: string; name: string; password_hash: string },
): Promise<{ id: string; email: string } | { refused: "bad_token" | "email_taken" }> {
  const joined = prisma.$transaction(async (tx) => {
    const [invite] = await tx.invite.updateManyAndReturn({
      where: { token_hash: tokenHash(joining.token), used_at: null, revoked_at: null, expires_at: { gt: new Date() } },
      data: { used_at: new Date() },
    });
    if (invite === undefined) return { refused: "bad_token" as const };
    const role = invite.role as Role;
    const id = await createPerson(tx, { ...joining, email: invite.email, role });
    await auditLine(
      tx,
      { id, address },
      {
        action: "invite.accept",
        subject: `person:${id}`,
        after: { invite: invite.id, name: joining.name, email: invite.email, role },
      },
    );
    return { id, email: invite.email };
  });
  return joined.catch((error: unknown) => {
    if (isEmailTaken(error)) return { refused: "email_taken" as const };
    throw error;
  });
}
