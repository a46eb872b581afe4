import type { Window, WorkerDetailDto, WorkerDto, WorkerSort, WorkersPage, WorkersQuery } from "@otedama/shared";
import { blocksOfWorker } from "./blocks.ts";
import type { Sql } from "./database.ts";
import { hashrateSeries } from "./hashrate.ts";
import { containsPattern } from "./like.ts";

/** A connected worker without a share for this long is idle. */
export const IDLE_AFTER_S = 600;

/**
 * The pool writes a worker's row when something about it changes, so a rate that fell silent stays behind: a rate whose whole
 * window has passed since the last share is 0.
 */
export const WORKER_COLUMNS = `
  w.id, w.account_id, a.address AS account_address, w.name, w.first_seen_at AS first_seen_at_ms,
  CASE WHEN coalesce(s.connections, 0) = 0 THEN 'offline'
       WHEN s.last_share_at IS NULL OR s.last_share_at < now() - interval '${IDLE_AFTER_S} seconds' THEN 'idle'
       ELSE 'mining' END AS state,
  coalesce(s.connections, 0) AS connections, coalesce(s.user_agent, '') AS user_agent, coalesce(s.difficulty, 0) AS difficulty,
  CASE WHEN s.last_share_at > now() - interval '15 minutes' THEN s.hashrate_m1_hps ELSE 0 END AS m1,
  CASE WHEN s.last_share_at > now() - interval '15 minutes' THEN s.hashrate_m15_hps ELSE 0 END AS m15,
  CASE WHEN s.last_share_at > now() - interval '1 day' THEN s.hashrate_d1_hps ELSE 0 END AS d1,
  coalesce(s.accepted, 0) AS accepted, coalesce(s.stale, 0) AS stale, coalesce(s.duplicate, 0) AS duplicate,
  coalesce(s.low_difficulty, 0) AS low_difficulty, coalesce(s.unauthorized, 0) AS unauthorized, coalesce(s.invalid, 0) AS invalid,
  s.last_share_at AS last_share_at_ms`;
export const WORKER_TABLES = "worker w JOIN account a ON a.id = w.account_id LEFT JOIN worker_state s ON s.worker_id = w.id";

const ORDER: Record<WorkerSort, string> = {
  name: "lower(name)",
  account: "account_address",
  state: "CASE state WHEN 'mining' THEN 2 WHEN 'idle' THEN 1 ELSE 0 END",
  hashrate: "m15",
  accepted: "accepted",
  rejected: "(stale + duplicate + low_difficulty + unauthorized + invalid)",
  last_share: "coalesce(last_share_at_ms, '-infinity'::timestamptz)",
};

interface WorkerRow extends Omit<WorkerDto, "hashrate_hps" | "shares"> {
  m1: number;
  m15: number;
  d1: number;
  accepted: number;
  stale: number;
  duplicate: number;
  low_difficulty: number;
  unauthorized: number;
  invalid: number;
}

function toWorker(row: WorkerRow): WorkerDto {
  const { m1, m15, d1, accepted, stale, duplicate, low_difficulty, unauthorized, invalid, ...rest } = row;
  return {
    ...rest,
    hashrate_hps: { m1: m1 ?? 0, m15: m15 ?? 0, d1: d1 ?? 0 },
    shares: { accepted, stale, duplicate, low_difficulty, unauthorized, invalid },
  };
}

/** A search finds a part of `address.name`, as a miner types it. */
export async function listWorkers(sql: Sql, query: WorkersQuery): Promise<WorkersPage> {
  const direction = query.dir === "asc" ? "ASC" : "DESC";
  const filter = `
    FROM (SELECT ${WORKER_COLUMNS} FROM ${WORKER_TABLES}
           WHERE ($1 = '' OR a.address || '.' || w.name ILIKE $2) AND ($3::int IS NULL OR w.account_id = $3)) found
   WHERE ($4::text IS NULL OR state = $4)`;
  const params = [query.q, containsPattern(query.q), query.account_id, query.state];
  const [count, page] = await Promise.all([
    sql.query<{ total: number }>(`SELECT count(*) AS total ${filter}`, params),
    sql.query<WorkerRow>(`SELECT * ${filter} ORDER BY ${ORDER[query.sort]} ${direction}, id ASC LIMIT $5 OFFSET $6`, [
      ...params,
      query.page_size,
      (query.page - 1) * query.page_size,
    ]),
  ]);
  return { total: count.rows[0]?.total ?? 0, rows: page.rows.map(toWorker) };
}

/** Null when there is no such worker. */
export async function getWorker(sql: Sql, id: number, window: Window, now_ms: number): Promise<WorkerDetailDto | null> {
  const found = await sql.query<WorkerRow>(`SELECT ${WORKER_COLUMNS} FROM ${WORKER_TABLES} WHERE w.id = $1`, [id]);
  const row = found.rows[0];
  if (row === undefined) return null;
  const [series, blocks] = await Promise.all([hashrateSeries(sql, id, window, now_ms), blocksOfWorker(sql, id)]);
  return { ...toWorker(row), window, series, blocks };
}
