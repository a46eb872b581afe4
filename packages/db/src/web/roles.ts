/** What an owner may do to people. There is always an owner who can sign in. */
import type { PeopleDto, PersonDto, Role, SecondFactorFor } from "@otedama/shared";
import type { Prisma, PrismaClient } from "../generated/client.ts";
import { type Actor, auditLine } from "./audit.ts";
import type { Sql } from "./database.ts";
import { openInvites } from "./invites.ts";
import { OWNER_LOCK } from "./people.ts";

export type PersonRefusal = "not_found" | "last_owner";
type Done = { refused: PersonRefusal } | { refused: null };
const DONE: Done = { refused: null };

export async function listPeople(sql: Sql): Promise<PeopleDto> {
  const [people, invites, rule] = await Promise.all([
    sql.query<PersonDto>(
      `SELECT u.id, u.name, u.email, u.role, f.confirmed_at IS NOT NULL AS second_factor,
              (u."createdAt" AT TIME ZONE 'UTC') AS created_at_ms, u.disabled_at AS disabled_at_ms,
              (SELECT count(*) FROM session s WHERE s."userId" = u.id AND s."expiresAt" > (now() AT TIME ZONE 'UTC')) AS sessions,
              (SELECT count(*) FROM api_key k
                WHERE k.user_id = u.id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())) AS api_keys,
              (SELECT max(s.last_used_at) FROM session s WHERE s."userId" = u.id) AS last_used_at_ms
         FROM "user" u LEFT JOIN second_factor f ON f.user_id = u.id
        ORDER BY u.disabled_at IS NOT NULL, lower(u.name), u.id LIMIT 1000`,
    ),
    openInvites(sql),
    sql.query<{ second_factor_for: SecondFactorFor }>("SELECT second_factor_for FROM access_rule"),
  ]);
  return { people: people.rows, invites, second_factor_for: rule.rows[0]?.second_factor_for ?? "nobody" };
}

/** Runs under the lock on the number of owners; `change` is undone when it would leave none. */
function keepingAnOwner(
  prisma: PrismaClient,
  id: string,
  change: (tx: Prisma.TransactionClient, person: { role: string; disabled_at: Date | null }) => Promise<void>,
): Promise<Done> {
  const done = prisma.$transaction(async (tx): Promise<Done> => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${OWNER_LOCK}::bigint)`;
    const person = await tx.user.findUnique({ where: { id }, select: { role: true, disabled_at: true } });
    if (person === null) return { refused: "not_found" };
    await change(tx, person);
    if ((await tx.user.count({ where: { role: "owner", disabled_at: null } })) === 0) throw new LastOwnerError();
    return DONE;
  });
  return done.catch((error: unknown) => {
    if (error instanceof LastOwnerError) return { refused: "last_owner" };
    throw error;
  });
}

class LastOwnerError extends Error {}

export function changeRole(prisma: PrismaClient, actor: Actor, id: string, role: Role): Promise<Done> {
  return keepingAnOwner(prisma, id, async (tx, person) => {
    if (person.role === role) return;
    await tx.user.update({ where: { id }, data: { role } });
    await auditLine(tx, actor, {
      action: "person.role",
      subject: `person:${id}`,
      before: { role: person.role },
      after: { role },
    });
  });
}

/** Signs the person out everywhere, ends their keys and keeps them out. */
export function disablePerson(prisma: PrismaClient, actor: Actor, id: string): Promise<Done> {
  return keepingAnOwner(prisma, id, async (tx, person) => {
    if (person.disabled_at !== null) return;
    await tx.user.update({ where: { id }, data: { disabled_at: new Date() } });
    const sessions = await tx.session.deleteMany({ where: { userId: id } });
    const keys = await tx.apiKey.updateMany({ where: { user_id: id, revoked_at: null }, data: { revoked_at: new Date() } });
    await auditLine(tx, actor, {
      action: "person.disable",
      subject: `person:${id}`,
      before: { disabled: false },
      after: { disabled: true, sessions_ended: sessions.count, api_keys_revoked: keys.count },
    });
  });
}

export function enablePerson(prisma: PrismaClient, actor: Actor, id: string): Promise<Done> {
  return keepingAnOwner(prisma, id, async (tx, person) => {
    if (person.disabled_at === null) return;
    await tx.user.update({ where: { id }, data: { disabled_at: null } });
    await auditLine(tx, actor, {
      action: "person.enable",
      subject: `person:${id}`,
      before: { disabled: true },
      after: { disabled: false },
    });
  });
}

/** Takes the second factor off somebody whose device is lost, and signs them out: whoever has the device now is out too. */
export function resetSecondFactor(prisma: PrismaClient, actor: Actor, id: string): Promise<Done> {
  return prisma.$transaction(async (tx): Promise<Done> => {
    if ((await tx.user.findUnique({ where: { id }, select: { id: true } })) === null) return { refused: "not_found" };
    const had = await tx.secondFactor.deleteMany({ where: { user_id: id } });
    await tx.backupCode.deleteMany({ where: { user_id: id } });
    if (had.count === 0) return DONE;
    const sessions = await tx.session.deleteMany({ where: { userId: id } });
    await auditLine(tx, actor, {
      action: "second_factor.reset",
      subject: `person:${id}`,
      before: { second_factor: true },
      after: { second_factor: false, sessions_ended: sessions.count },
    });
    return DONE;
  });
}

export async function setSecondFactorFor(prisma: PrismaClient, actor: Actor, second_factor_for: SecondFactorFor): Promise<void> {
  await prisma.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT 1 FROM access_rule WHERE id = 1 FOR UPDATE`;
    const before = (await tx.accessRule.findUnique({ where: { id: 1 } }))?.second_factor_for ?? "nobody";
    if (before === second_factor_for) return;
    await tx.accessRule.upsert({
      where: { id: 1 },
      update: { second_factor_for, updated_at: new Date() },
      create: { id: 1, second_factor_for },
    });
    await auditLine(tx, actor, {
      action: "access_rule.change",
      subject: "access_rule:second_factor",
      before: { second_factor_for: before },
      after: { second_factor_for },
    });
  });
}
