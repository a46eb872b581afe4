/** Letting agents in: tokens that are good once, for minutes, for one site; and what an agent becomes by one. */
import type { AgentFacts, EnrolmentTokenDto, EnrolmentTokensPage } from "@otedama/shared";
import { type Actor, writeAudit } from "../audit.ts";
import type { Sql } from "../database.ts";
import { newToken, tokenHash } from "../tokens.ts";
import { refreshDesired } from "./desired.ts";
import { FleetError } from "./fleet_error.ts";
import { storable, storableJson } from "./text.ts";
import { type FleetDatabase, transaction } from "./transaction.ts";

/** Beyond it somebody has to use or withdraw some first: a wizard that enrols a hall at once stays far below. */
export const OPEN_TOKENS_MAX = 20_000;

const TOKEN_COLUMNS = `k.id, k.site_id, t.name AS site, coalesce(u.name, k.created_by) AS created_by, k.created_at AS created_at_ms, k.expires_at AS expires_at_ms,
  k.used_at AS used_at_ms, k.agent_id, g.name AS agent_name,
  CASE WHEN k.used_at IS NOT NULL THEN 'used' WHEN k.revoked_at IS NOT NULL THEN 'revoked' WHEN k.expires_at <= now() THEN 'expired' ELSE 'open' END AS state`;
const TOKEN_TABLES = `enrolment_token k JOIN site t ON t.id = k.site_id LEFT JOIN "user" u ON u.id = k.created_by LEFT JOIN agent g ON g.id = k.agent_id`;

/** Tokens that are told this one time; only their hashes are kept. Throws a FleetError: `not_found` (the site), `too_many`. */
export async function createEnrolmentTokens(
  database: FleetDatabase,
  actor: Actor,
  wanted: { site_id: number; minutes: number; count: number },
): Promise<{ tokens: { id: number; token: string }[]; site: string; expires_at_ms: number }> {
  return transaction(database, async (client) => {
    const site = await client.query<{ name: string }>("SELECT name FROM site WHERE id = $1 FOR SHARE", [wanted.site_id]);
    const name = site.rows[0]?.name;
    if (name === undefined) throw new FleetError("not_found", "site_id: there is no such site.");
    const open = await client.query<{ n: number }>(
      "SELECT count(*) AS n FROM enrolment_token WHERE used_at IS NULL AND revoked_at IS NULL AND expires_at > now()",
    );
    if ((open.rows[0]?.n ?? 0) + wanted.count > OPEN_TOKENS_MAX) {
      throw new FleetError(
        "too_many",
        `There are ${open.rows[0]?.n} open tokens, of ${OPEN_TOKENS_MAX} at most. Use or withdraw some.`,
      );
    }
    const tokens = Array.from({ length: wanted.count }, newToken);
    const made = await client.query<{ id: number; expires_at_ms: number }>(
      `INSERT INTO enrolment_token (token_hash, site_id, created_by, expires_at)
       SELECT hash, $2, $3, now() + make_interval(mins => $4) FROM unnest($1::text[]) AS hash RETURNING id, expires_at AS expires_at_ms`,
      [tokens.map(tokenHash), wanted.site_id, actor.id, wanted.minutes],
    );
    await writeAudit(client, actor, {
      action: "enrolment.create",
      subject: `site:${wanted.site_id}`,
      details: {
        after: { site: name, minutes: wanted.minutes, tokens: made.rows.map((row) => row.id).slice(0, 50), count: wanted.count },
      },
    });
    return {
      tokens: tokens.map((token, index) => ({ id: made.rows[index]?.id ?? 0, token })),
      site: name,
      expires_at_ms: made.rows[0]?.expires_at_ms ?? 0,
    };
  });
}

/** Newest first: the open ones, and what became of the others. */
export async function listEnrolmentTokens(
  sql: Sql,
  query: { before_id: number | null; page_size: number },
): Promise<EnrolmentTokensPage> {
  const found = await sql.query<EnrolmentTokenDto>(
    `SELECT ${TOKEN_COLUMNS} FROM ${TOKEN_TABLES} WHERE $1::int IS NULL OR k.id < $1 ORDER BY k.id DESC LIMIT $2`,
    [query.before_id, query.page_size + 1],
  );
  const rows = found.rows.slice(0, query.page_size);
  return { rows, next_before_id: found.rows.length > rows.length ? (rows.at(-1)?.id ?? null) : null };
}

/** False when there is no such token that could still be used. */
export async function revokeEnrolmentToken(database: FleetDatabase, actor: Actor, id: number): Promise<boolean> {
  return transaction(database, async (client) => {
    const revoked = await client.query(
      "UPDATE enrolment_token SET revoked_at = now() WHERE id = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now()",
      [id],
    );
    if (revoked.rowCount === 0) return false;
    await writeAudit(client, actor, {
      action: "enrolment.revoke",
      subject: `enrolment_token:${id}`,
    });
    return true;
  });
}

export interface Enrolling {
  token: string;
  agent_id: string;
  /** Raw. */
  public_key: Buffer;
  facts: AgentFacts;
  address: string;
}

export type EnrolRefusal = "bad_token" | "used_token" | "expired_token" | "known_agent";
export type Enrolled = { site: string; repeated: boolean } | { refused: EnrolRefusal; message: string; token_id: number | null };

interface TokenRow {
  id: number;
  site_id: number;
  site: string;
  created_by: string | null;
  expired: boolean;
  used: boolean;
  revoked: boolean;
  used_key: Buffer | null;
  agent_id: string | null;
}

/**
 * Uses a token up and makes the agent, both or neither. The same key may ask again with the same token, since an answer can be lost; a
 * key that is enrolled already may move to the token's site; an agent of protocol 1 of the same site gets its key, and is known by
 * that key alone from then on.
 */
export async function enrolAgent(database: FleetDatabase, asked: Enrolling): Promise<Enrolled> {
  return transaction(database, async (client): Promise<Enrolled> => {
    const found = await client.query<TokenRow>(
      `SELECT k.id, k.site_id, t.name AS site, k.created_by, k.expires_at <= now() AS expired, k.used_at IS NOT NULL AS used,
              k.revoked_at IS NOT NULL AS revoked, k.used_key, k.agent_id
         FROM enrolment_token k JOIN site t ON t.id = k.site_id WHERE k.token_hash = $1 FOR UPDATE OF k`,
      [tokenHash(asked.token)],
    );
    const token = found.rows[0];
    const refuse = (refused: EnrolRefusal, message: string): Enrolled => ({ refused, message, token_id: token?.id ?? null });
    if (token === undefined) return refuse("bad_token", "The token is not known here. Make a new one on the Provision page.");
    if (token.used) {
      const same = token.agent_id === asked.agent_id && token.used_key?.equals(asked.public_key) === true;
      if (same) return { site: token.site, repeated: true };
      return refuse("used_token", "The token was used already. Each token lets one agent in; make a new one.");
    }
    if (token.revoked) return refuse("bad_token", "The token was withdrawn. Ask for a new one.");
    if (token.expired) return refuse("expired_token", "The token is too old. Make a new one and use it within its minutes.");

    const others = await client.query<{ id: string; site_id: number; public_key: Buffer | null }>(
      "SELECT id, site_id, public_key FROM agent WHERE id = $1 OR public_key = $2 ORDER BY id FOR NO KEY UPDATE",
      [asked.agent_id, asked.public_key],
    );
    for (const other of others.rows) {
      if (other.id !== asked.agent_id)
        return refuse("known_agent", "This key belongs to another agent. Let the agent make a key of its own.");
      if (other.public_key === null && other.site_id === token.site_id) continue;
      if (other.public_key?.equals(asked.public_key) !== true) {
        return refuse(
          "known_agent",
          "This agent is enrolled with another key. Retire it first, or give the machine an empty data folder.",
        );
      }
    }
    await client.query(
      `INSERT INTO agent (id, site_id, name, public_key, enrolled_at, hello) VALUES ($1, $2, $3, $4, now(), $5)
       ON CONFLICT (id) DO UPDATE SET public_key = excluded.public_key, enrolled_at = now(), retired_at = NULL, name = excluded.name, hello = excluded.hello,
         telemetry = CASE WHEN agent.public_key IS NULL THEN NULL ELSE agent.telemetry END,
         rack_id = CASE WHEN agent.site_id = excluded.site_id THEN agent.rack_id END,
         slot = CASE WHEN agent.site_id = excluded.site_id THEN agent.slot END, site_id = excluded.site_id`,
      [asked.agent_id, token.site_id, storable(asked.facts.name), asked.public_key, storableJson(asked.facts)],
    );
    await client.query("UPDATE enrolment_token SET used_at = now(), used_key = $2, agent_id = $3 WHERE id = $1", [
      token.id,
      asked.public_key,
      asked.agent_id,
    ]);
    await refreshDesired(client, [asked.agent_id]);
    await writeAudit(
      client,
      { id: token.created_by ?? "command line", address: asked.address },
      {
        action: "agent.enrol",
        subject: `agent:${asked.agent_id}`,
        details: {
          after: {
            name: storable(asked.facts.name),
            site: token.site,
            key: asked.public_key.toString("base64"),
            token: token.id,
          },
        },
      },
    );
    return { site: token.site, repeated: false };
  });
}

/** One line for each refusal, so that a stolen or guessed token is seen. The caller bounds how many there can be. */
export async function auditEnrolRefusal(
  sql: Sql,
  refused: { code: string; agent_id: string | null; token_id: number | null; name: string | null; address: string },
): Promise<void> {
  const { code, agent_id, token_id, name, address } = refused;
  await writeAudit(
    sql,
    { id: "agents", address },
    {
      action: "agent.enrol_refused",
      subject: token_id === null ? `agent:${agent_id ?? "unknown"}` : `enrolment_token:${token_id}`,
      details: { after: { code, agent_id, ...(name === null ? {} : { name: storable(name) }) } },
    },
  );
}
