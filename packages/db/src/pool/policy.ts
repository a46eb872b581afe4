/** Versions of the pool's policy. Append-only: the newest holds. */
import { checkPolicy, type Network, PoolPolicy } from "@otedama/shared";
import { type Database, type Queryable, type Transaction, transaction } from "./connect.ts";

export interface PolicyVersion {
  version: number;
  policy: PoolPolicy;
  created_at_ms: number;
  /** E-mail address of a person, or CONFIG_FILE. */
  created_by: string;
  reason: string;
}

/** Stands for a person where the settings file made a version. */
export const CONFIG_FILE = "config.yaml";

/** Somebody else made a version since the one that a change was based on. */
export class PolicyConflictError extends Error {
  override name = "PolicyConflictError";
  readonly current_version: number;
  constructor(expected: number, current: number) {
    super(
      `The pool's settings are at version ${current} by now, and the change was made to version ${expected}: look at what changed and make it again.`,
    );
    this.current_version = current;
  }
}

export interface NewPolicy {
  policy: unknown;
  /** The version that it was made from; 0 where there is none. */
  expected_version: number;
  person: string;
  reason: string;
}

/** Throws a PolicyError for a policy that cannot be run by, a PolicyConflictError when `expected_version` is no longer the newest. */
export async function createPolicyVersion(
  database: Database | Transaction,
  network: Network,
  change: NewPolicy,
): Promise<PolicyVersion> {
  const policy = checkPolicy(change.policy, network);
  return transaction(database, async (client) => {
    // Lets reading go on, and holds every other change back until this one is in.
    await client.query("LOCK TABLE pool_policy IN SHARE ROW EXCLUSIVE MODE");
    const current = (await readPolicy(client))?.version ?? 0;
    if (current !== change.expected_version) throw new PolicyConflictError(change.expected_version, current);
    return insert(client, policy, change.person, change.reason);
  });
}

/**
 * Makes a version of what the settings file says, when that is not what it said the last time. What people changed since then stays
 * otherwise. Returns the version that holds.
 */
export async function applyConfigPolicy(database: Database, network: Network, wanted: PoolPolicy): Promise<PolicyVersion> {
  const policy = checkPolicy(wanted, network);
  return transaction(database, async (client) => {
    await client.query("LOCK TABLE pool_policy IN SHARE ROW EXCLUSIVE MODE");
    const { rows } = await client.query<Row>(
      `SELECT ${COLUMNS} FROM pool_policy WHERE created_by = $1 ORDER BY version DESC LIMIT 1`,
      [CONFIG_FILE],
    );
    const current = await readPolicy(client);
    if (current && rows[0] && same(toVersion(rows[0]).policy, policy)) return current;
    return insert(client, policy, CONFIG_FILE, current ? "The settings file was changed." : "The settings file's first policy.");
  });
}

/** The version that holds, or null before there is one. */
export async function readPolicy(db: Queryable): Promise<PolicyVersion | null> {
  const { rows } = await db.query<Row>(`SELECT ${COLUMNS} FROM pool_policy ORDER BY version DESC LIMIT 1`);
  return rows[0] ? toVersion(rows[0]) : null;
}

export async function readPolicyVersion(db: Queryable, version: number): Promise<PolicyVersion | null> {
  const { rows } = await db.query<Row>(`SELECT ${COLUMNS} FROM pool_policy WHERE version = $1`, [version]);
  return rows[0] ? toVersion(rows[0]) : null;
}

/** Newest first, from below `before_version` on. */
export async function listPolicies(db: Queryable, limit: number, before_version?: number): Promise<PolicyVersion[]> {
  const { rows } = await db.query<Row>(
    `SELECT ${COLUMNS} FROM pool_policy WHERE version < coalesce($2::int, 2147483647) ORDER BY version DESC LIMIT $1`,
    [limit, before_version ?? null],
  );
  return rows.map(toVersion);
}

interface Row {
  version: number;
  policy: PoolPolicy;
  created_ms: string | number;
  created_by: string;
  reason: string;
}
const COLUMNS = "version, policy, round(extract(epoch FROM created_at) * 1000) AS created_ms, created_by, reason";

/** With what settings were added since by their defaults: a newer program is no change of the policy. */
function toVersion({ created_ms, policy, ...row }: Row): PolicyVersion {
  return { ...row, policy: PoolPolicy.safeParse(policy).data ?? policy, created_at_ms: Number(created_ms) };
}

async function insert(db: Queryable, policy: PoolPolicy, person: string, reason: string): Promise<PolicyVersion> {
  const { rows } = await db.query<Row>(
    `INSERT INTO pool_policy (policy, created_by, reason) VALUES ($1, $2, $3) RETURNING ${COLUMNS}`,
    [JSON.stringify(policy), person, reason],
  );
  return toVersion(rows[0] as Row);
}

/** jsonb keeps no order of keys. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, sorted(item)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
