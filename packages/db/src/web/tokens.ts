/**
 * One-time links and machine tokens. A token is 32 random bytes in base64url, shown once; the database keeps the hex of its
 * SHA-256 only, so a stolen dump opens nothing, and a look-up by hash tells an attacker nothing about how near a guess was.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Sql } from "./database.ts";

export type AccessTokenKind = "agent" | "pool";

export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

export function tokenHash(token: string): string {
  return createHash("sha256").update(token, "utf8").digest("hex");
}

export async function createAccessToken(sql: Sql, kind: AccessTokenKind, name: string): Promise<{ id: number; token: string }> {
  const token = newToken();
  const made = await sql.query<{ id: number }>(
    "INSERT INTO access_token (kind, name, token_hash) VALUES ($1, $2, $3) RETURNING id",
    [kind, name, tokenHash(token)],
  );
  const row = made.rows[0];
  if (row === undefined) throw new Error("the access token was not stored");
  return { id: row.id, token };
}

export interface AccessTokenRow {
  id: number;
  kind: AccessTokenKind;
  revoked: boolean;
}

export async function findAccessToken(sql: Sql, token_hash: string): Promise<AccessTokenRow | null> {
  const found = await sql.query<AccessTokenRow>(
    "SELECT id, kind, revoked_at IS NOT NULL AS revoked FROM access_token WHERE token_hash = $1",
    [token_hash],
  );
  return found.rows[0] ?? null;
}

/** Of these tokens, the ones that are revoked or gone. */
export async function deadAccessTokens(sql: Sql, ids: number[]): Promise<number[]> {
  const found = await sql.query<{ id: number }>(
    `SELECT r.id FROM unnest($1::int[]) AS r (id) LEFT JOIN access_token t ON t.id = r.id
      WHERE t.id IS NULL OR t.revoked_at IS NOT NULL`,
    [ids],
  );
  return found.rows.map((row) => row.id);
}

export async function revokeAccessToken(sql: Sql, id: number): Promise<void> {
  await sql.query("UPDATE access_token SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL", [id]);
}

/** A set-up link's token, good once and for `ttl_s` seconds. */
export async function createSetupToken(sql: Sql, ttl_s: number): Promise<string> {
  const token = newToken();
  await sql.query("INSERT INTO setup_token (token_hash, expires_at) VALUES ($1, now() + make_interval(secs => $2))", [
    tokenHash(token),
    ttl_s,
  ]);
  return token;
}
