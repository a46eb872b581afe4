/** Host keys that people vouched for, and what provisioning did. No credential comes near these tables. */
import type { HostKeyPinDto, ProvisionPurpose, ProvisionRigDto, ProvisionRunRow } from "@otedama/shared";
import type { PrismaClient } from "../generated/client.ts";
import { type Actor, auditLine } from "./audit.ts";
import type { Sql } from "./database.ts";
import { DEFAULT_SITE } from "./fleet/reports.ts";

export interface HostKeyPin {
  key_type: string;
  key: Buffer;
  fingerprint: string;
}

export interface NewHostKeyPin extends HostKeyPin {
  host: string;
  port: number;
  source: HostKeyPinDto["source"];
}

export async function hostKeyPins(sql: Sql, host: string, port: number): Promise<HostKeyPin[]> {
  const found = await sql.query<HostKeyPin>(
    "SELECT key_type, key, fingerprint FROM host_key_pin WHERE host = $1 AND port = $2 ORDER BY key_type",
    [host, port],
  );
  return found.rows;
}

export async function listHostKeyPins(sql: Sql): Promise<HostKeyPinDto[]> {
  const found = await sql.query<HostKeyPinDto>(
    `SELECT p.id, p.host, p.port, p.key_type AS type, p.fingerprint, p.source, coalesce(u.name, p.pinned_by) AS pinned_by, p.pinned_at AS pinned_at_ms
       FROM host_key_pin p LEFT JOIN "user" u ON u.id = p.pinned_by ORDER BY p.host, p.port, p.key_type LIMIT 5000`,
  );
  return found.rows;
}

/** A key that is pinned stays as it is: nothing here replaces one. Answers how many are new. */
export async function pinHostKeys(prisma: PrismaClient, actor: Actor, pins: readonly NewHostKeyPin[]): Promise<number> {
  return prisma.$transaction(async (tx) => {
    let made = 0;
    for (const pin of pins) {
      const { host, port, key_type, fingerprint, source } = pin;
      const { count } = await tx.hostKeyPin.createMany({
        data: [{ host, port, key_type, key: new Uint8Array(pin.key), fingerprint, source, pinned_by: actor.id }],
        skipDuplicates: true,
      });
      if (count === 0) continue;
      made += 1;
      await auditLine(tx, actor, {
        action: "host_key.pin",
        subject: `host_key:${host}:${port}`,
        after: { key_type, fingerprint, source },
      });
    }
    return made;
  });
}

/** The deliberate way round a host key that changed: the pin goes, who did it and why stays. False when there is no such pin. */
export async function forgetHostKey(prisma: PrismaClient, actor: Actor, id: number, reason: string): Promise<boolean> {
  return prisma.$transaction(async (tx) => {
    const pin = await tx.hostKeyPin.findUnique({ where: { id } });
    if (pin === null) return false;
    await tx.hostKeyPin.delete({ where: { id } });
    const { host, port, key_type, fingerprint } = pin;
    await auditLine(tx, actor, {
      action: "host_key.forget",
      subject: `host_key:${host}:${port}`,
      before: { key_type, fingerprint },
      after: { reason },
    });
    return true;
  });
}

export async function listSites(sql: Sql): Promise<{ id: number; name: string }[]> {
  await sql.query("INSERT INTO site (name) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM site) ON CONFLICT DO NOTHING", [
    DEFAULT_SITE,
  ]);
  return (await sql.query<{ id: number; name: string }>("SELECT id, name FROM site ORDER BY lower(name), id LIMIT 1000")).rows;
}

export interface NewProvisionRun {
  purpose: ProvisionPurpose;
  site_id: number | null;
  user: string;
  credential: string;
  rigs: readonly { host: string; port: number }[];
}

export async function openProvisionRun(prisma: PrismaClient, actor: Actor, run: NewProvisionRun): Promise<number> {
  return prisma.$transaction(async (tx) => {
    const { id } = await tx.provisionRun.create({
      data: {
        purpose: run.purpose,
        site_id: run.site_id,
        user_name: run.user,
        credential: run.credential,
        opened_by: actor.id,
      },
      select: { id: true },
    });
    await auditLine(tx, actor, {
      action: "provision.open",
      subject: `provision:${id}`,
      after: { purpose: run.purpose, user: run.user, credential: run.credential, rigs: run.rigs.length },
    });
    return id;
  });
}

/** Writes that somebody had work begin on these rigs, before it begins. */
export async function startProvisionRun(
  prisma: PrismaClient,
  actor: Actor,
  run: { id: number; purpose: ProvisionPurpose; hosts: readonly string[] },
): Promise<void> {
  await prisma.$transaction((tx) =>
    auditLine(tx, actor, {
      action: run.purpose === "install" ? "provision.install" : "provision.uninstall",
      subject: `provision:${run.id}`,
      after: { rigs: run.hosts.length, hosts: run.hosts.slice(0, 20).join(", ") },
    }),
  );
}

/** How each rig stands; `over` ends the run. May be written again: the last one stands. */
export async function storeProvisionRun(sql: Sql, id: number, rigs: readonly ProvisionRigDto[], over: boolean): Promise<void> {
  await sql.query(
    `WITH ended AS (UPDATE provision_run SET ended_at = now() WHERE id = $1 AND $3)
     INSERT INTO provision_rig (run_id, number, host, port, state, message, agent_id, result)
     SELECT $1, r.number, r.result->>'host', (r.result->>'port')::int, r.result->>'state', r.result->>'message',
            (r.result->>'agent_id')::uuid, r.result
       FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS e (result, n), LATERAL (SELECT (e.result->>'index')::int AS number, e.result) AS r
     ON CONFLICT (run_id, number) DO UPDATE SET state = excluded.state, message = excluded.message, agent_id = excluded.agent_id, result = excluded.result`,
    [id, JSON.stringify(rigs), over],
  );
}

/** A control plane that was stopped leaves runs without an end; their secrets went with it. */
export async function endOrphanedRuns(sql: Sql): Promise<void> {
  await sql.query("UPDATE provision_run SET ended_at = now() WHERE ended_at IS NULL");
}

export async function listProvisionRuns(sql: Sql): Promise<ProvisionRunRow[]> {
  const found = await sql.query<ProvisionRunRow>(
    `SELECT r.id, r.purpose, s.name AS site, r.user_name AS user, r.opened_at AS opened_at_ms, r.ended_at AS ended_at_ms,
            coalesce(u.name, r.opened_by) AS opened_by,
            (SELECT count(*) FROM provision_rig g WHERE g.run_id = r.id) AS rigs,
            (SELECT count(*) FROM provision_rig g WHERE g.run_id = r.id AND g.state = 'done') AS done,
            (SELECT count(*) FROM provision_rig g WHERE g.run_id = r.id AND g.state = 'failed') AS failed
       FROM provision_run r LEFT JOIN site s ON s.id = r.site_id LEFT JOIN "user" u ON u.id = r.opened_by
      ORDER BY r.id DESC LIMIT 20`,
  );
  return found.rows;
}

/** A run that is over, as it was when it ended. Null when there is none. */
export async function getProvisionRun(
  sql: Sql,
  id: number,
): Promise<(ProvisionRunRow & { credential: string; results: ProvisionRigDto[] }) | null> {
  const found = await sql.query<ProvisionRunRow & { credential: string; results: ProvisionRigDto[] | null }>(
    `SELECT r.id, r.purpose, s.name AS site, r.user_name AS user, r.credential, r.opened_at AS opened_at_ms, r.ended_at AS ended_at_ms,
            coalesce(u.name, r.opened_by) AS opened_by, count(g.*) AS rigs,
            count(g.*) FILTER (WHERE g.state = 'done') AS done, count(g.*) FILTER (WHERE g.state = 'failed') AS failed,
            jsonb_agg(g.result ORDER BY g.number) FILTER (WHERE g.number IS NOT NULL) AS results
       FROM provision_run r LEFT JOIN site s ON s.id = r.site_id LEFT JOIN "user" u ON u.id = r.opened_by
       LEFT JOIN provision_rig g ON g.run_id = r.id
      WHERE r.id = $1 GROUP BY r.id, s.name, u.name`,
    [id],
  );
  const row = found.rows[0];
  return row === undefined ? null : { ...row, results: row.results ?? [] };
}

/** When this agent was last heard of; null when never, or when it may come in no more. */
export async function agentSeenAt(sql: Sql, agent_id: string): Promise<number | null> {
  const found = await sql.query<{ seen_at_ms: number | null }>(
    "SELECT last_seen_at AS seen_at_ms FROM agent WHERE id = $1::uuid AND retired_at IS NULL",
    [agent_id],
  );
  return found.rows[0]?.seen_at_ms ?? null;
}

/** The agent that a token let in; null while nobody used it. */
export async function agentOfToken(sql: Sql, token_id: number): Promise<string | null> {
  const found = await sql.query<{ agent_id: string | null }>("SELECT agent_id FROM enrolment_token WHERE id = $1", [token_id]);
  return found.rows[0]?.agent_id ?? null;
}
