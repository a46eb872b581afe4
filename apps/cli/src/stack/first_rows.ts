import { createHash, randomBytes } from "node:crypto";
import type { Client } from "pg";
import { keptSecret } from "./home.ts";

const SETUP_LINK_HOURS = 24;

export const hashOf = (token: string) => createHash("sha256").update(token, "utf8").digest("hex");
export const newToken = () => randomBytes(32).toString("base64url");

/**
 * The token that a pool of this machine shows the control plane: kept in a file only its owner can read, its SHA-256 in
 * the database. A database that was made anew gets the row again.
 */
export async function keptAccessToken(client: Client, kind: "pool" | "agent", name: string, file: string): Promise<string> {
  const token = keptSecret(file, newToken);
  await registerAccessToken(client, kind, name, token);
  return token;
}

export async function registerAccessToken(client: Client, kind: "pool" | "agent", name: string, token: string): Promise<void> {
  await client.query(
    `INSERT INTO access_token (kind, name, token_hash) VALUES ($1::access_token_kind, $2, $3) ON CONFLICT (token_hash) DO NOTHING`,
    [kind, name, hashOf(token)],
  );
}

/**
 * A one-time link for creating the owner, while there is no owner. The token is in the fragment, which browsers do not send and
 * proxies do not log. Only the newest link works.
 */
export async function makeSetupLink(client: Client, dashboard_url: string): Promise<string | null> {
  const { rowCount } = await client.query(`SELECT 1 FROM "user" WHERE role = 'owner' LIMIT 1`);
  if (rowCount) return null;
  const token = newToken();
  await client.query("DELETE FROM setup_token WHERE used_at IS NULL");
  await client.query("INSERT INTO setup_token (token_hash, expires_at) VALUES ($1, now() + make_interval(hours => $2))", [
    hashOf(token),
    SETUP_LINK_HOURS,
  ]);
  return `${dashboard_url}/setup#${token}`;
}
