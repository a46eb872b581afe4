/** Accounts (payout addresses) and their workers. */
import type { Queryable } from "./connect.ts";

export interface WorkerIdentity {
  worker_id: number;
  account_id: number;
  address: string;
  name: string;
  /** Mines for itself alone: another worker than the one of the same name that does not. */
  solo: boolean;
}

/** Finds a worker, or makes it and its account. Safe to call at once from several places. */
export async function ensureWorker(db: Queryable, address: string, name: string, solo = false): Promise<WorkerIdentity> {
  const found = await findWorker(db, address, name, solo);
  if (found) return found;
  await ensureAccount(db, address);
  await db.query(
    `INSERT INTO worker (account_id, name, solo) SELECT id, $2, $3 FROM account WHERE address = $1
     ON CONFLICT (account_id, name, solo) DO NOTHING`,
    [address, name, solo],
  );
  const made = await findWorker(db, address, name, solo);
  if (!made) throw new Error(`worker ${name} of ${address} was made and is not there`);
  return made;
}

async function findWorker(db: Queryable, address: string, name: string, solo: boolean): Promise<WorkerIdentity | null> {
  const { rows } = await db.query<{ id: number; account_id: number }>(
    "SELECT w.id, w.account_id FROM worker w JOIN account a ON a.id = w.account_id WHERE a.address = $1 AND w.name = $2 AND w.solo = $3",
    [address, name, solo],
  );
  const row = rows[0];
  return row ? { worker_id: row.id, account_id: row.account_id, address, name, solo } : null;
}

/** The account of an address, made where there is none. */
export async function ensureAccount(db: Queryable, address: string): Promise<number> {
  await db.query("INSERT INTO account (address) VALUES ($1) ON CONFLICT (address) DO NOTHING", [address]);
  const { rows } = await db.query<{ id: number }>("SELECT id FROM account WHERE address = $1", [address]);
  if (!rows[0]) throw new Error(`the account of ${address} was made and is not there`);
  return rows[0].id;
}

/** Ids of those of the addresses that have an account. */
export async function findAccounts(db: Queryable, addresses: string[]): Promise<Set<number>> {
  if (addresses.length === 0) return new Set();
  const { rows } = await db.query<{ id: number }>("SELECT id FROM account WHERE address = ANY($1::text[])", [addresses]);
  return new Set(rows.map((row) => row.id));
}

/** Workers that mine for themselves alone and were seen since a time, `limit` of them at most. */
export async function listSoloWorkers(db: Queryable, since_ms: number, limit: number): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>(
    `SELECT w.id FROM worker w JOIN worker_state s ON s.worker_id = w.id
     WHERE w.solo AND s.last_share_at >= to_timestamp($1::float8 / 1000) ORDER BY s.last_share_at DESC LIMIT $2`,
    [since_ms, limit],
  );
  return rows.map((row) => row.id);
}

export interface WorkerOwner {
  account_id: number;
  address: string;
  solo: boolean;
}

/** Whose workers these are; none of it ever changes. */
export async function readWorkerOwners(db: Queryable, worker_ids: number[]): Promise<Map<number, WorkerOwner>> {
  const { rows } = await db.query<WorkerOwner & { id: number }>(
    "SELECT w.id, w.account_id, a.address, w.solo FROM worker w JOIN account a ON a.id = w.account_id WHERE w.id = ANY($1::int[])",
    [worker_ids],
  );
  return new Map(rows.map(({ id, ...owner }) => [id, owner]));
}

export interface WorkerLive {
  worker_id: number;
  connections: number;
  user_agent: string;
  difficulty: number;
  hashrate_m1_hps: number;
  hashrate_m15_hps: number;
  hashrate_d1_hps: number;
}

/** Writes the live half of worker_state; the totals are the share log's. Workers that do not exist are passed over. */
export async function writeWorkerLive(db: Queryable, rows: WorkerLive[]): Promise<void> {
  if (rows.length === 0) return;
  const sorted = [...rows].sort((a, b) => a.worker_id - b.worker_id);
  await db.query(
    `INSERT INTO worker_state (worker_id, connections, user_agent, difficulty, hashrate_m1_hps, hashrate_m15_hps, hashrate_d1_hps)
     SELECT v.* FROM unnest($1::int[], $2::int[], $3::text[], $4::float8[], $5::float8[], $6::float8[], $7::float8[])
       AS v (worker_id, connections, user_agent, difficulty, m1, m15, d1)
       JOIN worker w ON w.id = v.worker_id
     ON CONFLICT (worker_id) DO UPDATE SET connections = excluded.connections, user_agent = excluded.user_agent,
       difficulty = excluded.difficulty, hashrate_m1_hps = excluded.hashrate_m1_hps, hashrate_m15_hps = excluded.hashrate_m15_hps,
       hashrate_d1_hps = excluded.hashrate_d1_hps, updated_at = now()`,
    [
      sorted.map((row) => row.worker_id),
      sorted.map((row) => row.connections),
      sorted.map((row) => row.user_agent),
      sorted.map((row) => row.difficulty),
      sorted.map((row) => row.hashrate_m1_hps),
      sorted.map((row) => row.hashrate_m15_hps),
      sorted.map((row) => row.hashrate_d1_hps),
    ],
  );
}

/** Workers that the table still calls connected or hashing: what a pool that starts anew has to put right. */
export async function listLiveWorkers(db: Queryable): Promise<WorkerLive[]> {
  const { rows } = await db.query<WorkerLive>(
    `SELECT worker_id, connections, user_agent, difficulty, hashrate_m1_hps, hashrate_m15_hps, hashrate_d1_hps FROM worker_state
     WHERE connections > 0 OR hashrate_m1_hps > 0 OR hashrate_m15_hps > 0 OR hashrate_d1_hps > 0`,
  );
  return rows;
}

export interface WorkerWork {
  worker_id: number;
  at_ms: number;
  work_hashes: number;
}

/** Accepted work by worker and ten seconds since a time, oldest first: what decayed hashrates are started from. */
export async function readRecentWork(db: Queryable, since_ms: number): Promise<WorkerWork[]> {
  const { rows } = await db.query<{ worker_id: number; at_ms: string; work: string }>(
    `SELECT worker_id, extract(epoch FROM to_timestamp(floor(extract(epoch FROM bucket_at) / 60) * 60)) * 1000 AS at_ms,
       sum(work_hashes) AS work
     FROM share_bucket WHERE bucket_at >= to_timestamp($1::float8 / 1000) GROUP BY 1, 2 ORDER BY 2`,
    [since_ms],
  );
  return rows.map((row) => ({ worker_id: row.worker_id, at_ms: Number(row.at_ms), work_hashes: Number(row.work) }));
}
