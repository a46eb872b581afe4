/** How this machine's own agent comes in: by a token that is good once and for minutes, while it is not enrolled. */
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "pg";
import { hashOf, newToken } from "./first_rows.ts";

const TOKEN_MINUTES = 15;
const SITE = "home";
/** What the access token of earlier versions was called. */
const ACCESS_TOKEN_NAME = "this machine's agent";

/**
 * A token to enrol with; null where the agent is enrolled at this very control plane: the agent's files say so, the database knows it,
 * and the key that it pinned is the one that the control plane has. A database or a key that was made anew lets it in again.
 */
export async function agentEnrolToken(client: Client, folders: { agent: string; web: string }): Promise<string | null> {
  await client.query("UPDATE access_token SET revoked_at = now() WHERE kind = 'agent' AND name = $1 AND revoked_at IS NULL", [
    ACCESS_TOKEN_NAME,
  ]);
  if (await isEnrolled(client, folders)) return null;
  await client.query(
    "UPDATE enrolment_token SET revoked_at = now() WHERE created_by IS NULL AND used_at IS NULL AND revoked_at IS NULL",
  );
  return makeEnrolToken(client, SITE);
}

/** A token that lets one agent in at that site, which is made where there is none of that name. Good once and for 15 minutes. */
export async function makeEnrolToken(client: Client, site: string): Promise<string> {
  const token = newToken();
  await client.query("INSERT INTO site (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", [site]);
  await client.query(
    `INSERT INTO enrolment_token (token_hash, site_id, expires_at)
     SELECT $1, id, now() + make_interval(mins => $2) FROM site WHERE name = $3`,
    [hashOf(token), TOKEN_MINUTES, site],
  );
  return token;
}

async function isEnrolled(client: Client, folders: { agent: string; web: string }): Promise<boolean> {
  const agent_id = read(join(folders.agent, "agent_id"))?.trim();
  const enrolment = read(join(folders.agent, "enrolment.json"));
  const pem = read(join(folders.web, "keys", "control.pem"));
  if (agent_id === undefined || enrolment === null || pem === null) return false;
  if (pinnedKey(enrolment) !== publicKey(pem)) return false;
  const { rowCount } = await client.query("SELECT 1 FROM agent WHERE id::text = $1 AND public_key IS NOT NULL", [agent_id]);
  return rowCount === 1;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function pinnedKey(enrolment: string): string | null {
  try {
    return (JSON.parse(enrolment) as { control_key?: string }).control_key ?? null;
  } catch {
    return null;
  }
}

/** Raw, base64; empty for what is no key. */
function publicKey(pem: string): string {
  try {
    const { x } = createPublicKey(pem).export({ format: "jwk" });
    return Buffer.from(x ?? "", "base64url").toString("base64");
  } catch {
    return "";
  }
}
