/** What the database knows of second factors: a sealed secret, the last step that was used, hashes of backup codes. */
import type { PrismaClient } from "../generated/client.ts";
import { type Actor, auditLine } from "./audit.ts";
import type { Sql } from "./database.ts";

/** Wrong codes in a row after which codes are refused for a while. */
export const SECOND_FACTOR_FAILURES_MAX = 8;
export const SECOND_FACTOR_LOCK_S = 900;

export interface SecondFactorRow {
  secret_sealed: string;
  confirmed: boolean;
  locked: boolean;
}

export async function getSecondFactor(sql: Sql, user_id: string): Promise<SecondFactorRow | null> {
  const found = await sql.query<SecondFactorRow>(
    `SELECT secret_sealed, confirmed_at IS NOT NULL AS confirmed, coalesce(locked_until > now(), false) AS locked
       FROM second_factor WHERE user_id = $1`,
    [user_id],
  );
  return found.rows[0] ?? null;
}

export async function countBackupCodes(sql: Sql, user_id: string): Promise<number> {
  const found = await sql.query<{ codes: number }>("SELECT count(*) AS codes FROM backup_code WHERE user_id = $1", [user_id]);
  return found.rows[0]?.codes ?? 0;
}

/** Keeps a new secret until it is confirmed. False when there is a confirmed one, which stays. */
export async function offerSecondFactor(sql: Sql, user_id: string, secret_sealed: string): Promise<boolean> {
  const kept = await sql.query(
    `INSERT INTO second_factor (user_id, secret_sealed) VALUES ($1, $2)
     ON CONFLICT (user_id) DO UPDATE SET secret_sealed = excluded.secret_sealed, created_at = now(), last_step = 0
       WHERE second_factor.confirmed_at IS NULL RETURNING 1`,
    [user_id, secret_sealed],
  );
  return kept.rows.length > 0;
}

/**
 * Turns an offered factor on with the step of its first code. Other sessions of the person end: they began without it. False
 * when there is nothing to confirm.
 */
export async function confirmSecondFactor(
  prisma: PrismaClient,
  actor: Actor,
  factor: {
    user_id: string;
    secret_sealed: string;
    step: number;
    code_hashes: readonly string[];
    keep_session_id: string | null;
  },
): Promise<boolean> {
  const { user_id, secret_sealed, step, code_hashes, keep_session_id } = factor;
  return prisma.$transaction(async (tx) => {
    const confirmed = await tx.secondFactor.updateMany({
      where: { user_id, secret_sealed, confirmed_at: null },
      data: { confirmed_at: new Date(), last_step: step, failures: 0, locked_until: null },
    });
    if (confirmed.count === 0) return false;
    await tx.backupCode.deleteMany({ where: { user_id } });
    await tx.backupCode.createMany({ data: code_hashes.map((code_hash) => ({ code_hash, user_id })) });
    const ended = await tx.session.deleteMany({
      where: { userId: user_id, ...(keep_session_id === null ? {} : { id: { not: keep_session_id } }) },
    });
    await auditLine(tx, actor, {
      action: "second_factor.enable",
      subject: `person:${user_id}`,
      before: { second_factor: false },
      after: { second_factor: true, sessions_ended: ended.count },
    });
    return true;
  });
}

/** Uses a step up; false when it or a later one was used before, or codes are locked. */
export async function spendStep(sql: Sql, user_id: string, step: number): Promise<boolean> {
  const used = await sql.query(
    `UPDATE second_factor SET last_step = $2, failures = 0, locked_until = NULL
      WHERE user_id = $1 AND last_step < $2 AND (locked_until IS NULL OR locked_until <= now()) RETURNING 1`,
    [user_id, step],
  );
  return used.rows.length > 0;
}

/** Uses a backup code up; false when there is none such, or codes are locked. */
export async function spendBackupCode(prisma: PrismaClient, actor: Actor, user_id: string, code_hash: string): Promise<boolean> {
  return prisma.$transaction(async (tx) => {
    const open = await tx.secondFactor.updateMany({
      where: { user_id, OR: [{ locked_until: null }, { locked_until: { lte: new Date() } }] },
      data: { locked_until: null },
    });
    if (open.count === 0) return false;
    const used = await tx.backupCode.deleteMany({ where: { code_hash, user_id } });
    if (used.count === 0) return false;
    await tx.secondFactor.updateMany({ where: { user_id }, data: { failures: 0 } });
    const left = await tx.backupCode.count({ where: { user_id } });
    await auditLine(tx, actor, {
      action: "second_factor.backup_code",
      subject: `person:${user_id}`,
      after: { codes_left: left },
    });
    return true;
  });
}

/** Counts a wrong code; true when that locked them. */
export async function countWrongCode(prisma: PrismaClient, actor: Actor, user_id: string): Promise<boolean> {
  return prisma.$transaction(async (tx) => {
    const [row] = await tx.$queryRaw<{ locked: boolean }[]>`
      UPDATE second_factor SET
        failures = CASE WHEN failures + 1 >= ${SECOND_FACTOR_FAILURES_MAX}::int THEN 0 ELSE failures + 1 END,
        locked_until = CASE WHEN failures + 1 >= ${SECOND_FACTOR_FAILURES_MAX}::int
          THEN now() + make_interval(secs => ${SECOND_FACTOR_LOCK_S}::float8) ELSE locked_until END
      WHERE user_id = ${user_id} RETURNING coalesce(locked_until > now(), false) AS locked`;
    if (row?.locked !== true) return false;
    await auditLine(tx, actor, {
      action: "second_factor.lock",
      subject: `person:${user_id}`,
      after: { seconds: SECOND_FACTOR_LOCK_S },
    });
    return true;
  });
}

/** Replaces all backup codes. */
export async function replaceBackupCodes(
  prisma: PrismaClient,
  actor: Actor,
  user_id: string,
  code_hashes: readonly string[],
): Promise<void> {
  await prisma.$transaction(async (tx) => {
    await tx.backupCode.deleteMany({ where: { user_id } });
    await tx.backupCode.createMany({ data: code_hashes.map((code_hash) => ({ code_hash, user_id })) });
    await auditLine(tx, actor, {
      action: "second_factor.new_codes",
      subject: `person:${user_id}`,
      after: { codes: code_hashes.length },
    });
  });
}

export async function removeSecondFactor(prisma: PrismaClient, actor: Actor, user_id: string): Promise<void> {
  await prisma.$transaction(async (tx) => {
    const removed = await tx.secondFactor.deleteMany({ where: { user_id } });
    await tx.backupCode.deleteMany({ where: { user_id } });
    if (removed.count === 0) return;
    await auditLine(tx, actor, {
      action: "second_factor.disable",
      subject: `person:${user_id}`,
      before: { second_factor: true },
      after: { second_factor: false },
    });
  });
}
