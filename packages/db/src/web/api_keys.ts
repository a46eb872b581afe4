/** Keys of programs. A key is told once; the database keeps the hex of its SHA-256. */
import type { ApiKeyDto, ApiScope } from "@otedama/shared";
import type { PrismaClient } from "../generated/client.ts";
import { type Actor, auditLine } from "./audit.ts";
import type { Sql } from "./database.ts";
import { newToken, tokenHash } from "./tokens.ts";

/** Every key begins with it, so that scanners of repositories and logs can find one that leaked. */
export const API_KEY_PREFIX = "otedama_";
const HINT_LENGTH = API_KEY_PREFIX.length + 4;
export const API_KEYS_PER_PERSON_MAX = 50;

const COLUMNS = `id, name, hint, scopes, created_at AS created_at_ms, expires_at AS expires_at_ms,
  last_used_at AS last_used_at_ms, last_used_address`;

/** Those of one person that still work. */
export async function listApiKeys(sql: Sql, user_id: string): Promise<ApiKeyDto[]> {
  const found = await sql.query<ApiKeyDto>(
    `SELECT ${COLUMNS} FROM api_key WHERE user_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) ORDER BY id DESC`,
    [user_id],
  );
  return found.rows;
}

/** Null when the person has as many as one may have. */
export async function createApiKey(
  prisma: PrismaClient,
  actor: Actor,
  wanted: { user_id: string; name: string; scopes: readonly ApiScope[]; days: number | null },
): Promise<{ api_key: ApiKeyDto; key: string } | null> {
  const key = API_KEY_PREFIX + newToken();
  return prisma.$transaction(async (tx) => {
    const { user_id, name, scopes, days } = wanted;
    await tx.$queryRaw`SELECT 1 FROM "user" WHERE id = ${user_id} FOR UPDATE`;
    const open = await tx.apiKey.count({
      where: { user_id, revoked_at: null, OR: [{ expires_at: null }, { expires_at: { gt: new Date() } }] },
    });
    if (open >= API_KEYS_PER_PERSON_MAX) return null;
    const created_at = new Date();
    const expires_at = days === null ? null : new Date(created_at.getTime() + days * 86_400_000);
    const hint = key.slice(0, HINT_LENGTH);
    const made = await tx.apiKey.create({
      data: { user_id, name, hint, key_hash: tokenHash(key), scopes: [...scopes], created_at, expires_at },
    });
    await auditLine(tx, actor, {
      action: "api_key.create",
      subject: `api_key:${made.id}`,
      after: { name, hint, scopes: [...scopes], expires_at: expires_at?.toISOString() ?? null },
    });
    return {
      key,
      api_key: {
        id: made.id,
        name,
        hint,
        scopes: [...scopes],
        created_at_ms: created_at.getTime(),
        expires_at_ms: expires_at?.getTime() ?? null,
        last_used_at_ms: null,
        last_used_address: null,
      },
    };
  });
}

/** False when that person has no such key. */
export async function revokeApiKey(prisma: PrismaClient, actor: Actor, user_id: string, id: number): Promise<boolean> {
  return prisma.$transaction(async (tx) => {
    const revoked = await tx.apiKey.updateMany({ where: { id, user_id, revoked_at: null }, data: { revoked_at: new Date() } });
    if (revoked.count === 0) return false;
    await auditLine(tx, actor, { action: "api_key.revoke", subject: `api_key:${id}` });
    return true;
  });
}

export interface ApiKeyRow {
  id: number;
  user_id: string;
  scopes: string[];
  state: "good" | "revoked" | "expired";
}

export async function findApiKey(sql: Sql, key: string): Promise<ApiKeyRow | null> {
  const found = await sql.query<ApiKeyRow>(
    `SELECT id, user_id, scopes,
            CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= now() THEN 'expired' ELSE 'good' END AS state
       FROM api_key WHERE key_hash = $1`,
    [tokenHash(key)],
  );
  return found.rows[0] ?? null;
}

export async function touchApiKey(sql: Sql, id: number, address: string): Promise<void> {
  await sql.query(
    `UPDATE api_key SET last_used_at = now(), last_used_address = $2
      WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '30 seconds' OR last_used_address IS DISTINCT FROM $2)`,
    [id, address],
  );
}
