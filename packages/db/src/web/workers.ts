import type { Window, WorkerDetailDto, WorkerDto, WorkerSort, WorkersPage, WorkersQuery } from "@otedama/shared";
import { blocksOfWorker } from "./blocks.ts";
import type { Sql } from "./database.ts";
import { hashrateSeries } from "./hashrate.ts";
import { containsPattern } from "./like.ts";

/** A connected worker without a share for this long is idle. */
export const IDLE_AFTER_S = 600;

const STATE = `
  CASE WHEN coalesce(s.connections, 0) = 0 THEN 'offline'
       WHEN s.last_share_at IS NULL OR s.last_share_at < now() - interval '${IDLE_AFTER_S} seconds' THEN 'idle'
       ELSE 'mining' END`;

/**
 * The pool writes a worker's row when something about it changes, so a rate that fell silent stays behind: a rate whose whole
 * window has passed since the last share is 0.
 */
export const WORKER_COLUMNS = `
  w.id, w.account_id, a.address AS account_address, w.name, w.first_seen_at AS first_seen_at_ms,
  ${STATE} AS state,
  coalesce(s.connections, 0) AS connections, coalesce(s.user_agent, '') AS user_agent, coalesce(s.difficulty, 0) AS difficulty,
  CASE WHEN s.last_share_at > now() - interval '15 minutes' THEN s.hashrate_m1_hps ELSE 0 END AS m1,
  CASE WHEN s.last_share_at > now() - interval '15 minutes' THEN s.hashrate_m15_hps ELSE 0 END AS m15,
  CASE WHEN s.last_share_at > now() - interval '1 day' THEN s.hashrate_d1_hps ELSE 0 END AS d1,
  coalesce(s.accepted, 0) AS accepted, coalesce(s.stale, 0) AS stale, coalesce(s.duplicate, 0) AS duplicate,
  coalesce(s.low_difficulty, 0) AS low_difficulty, coalesce(s.unauthorized, 0) AS unauthorized, coalesce(s.invalid, 0) AS invalid,
  s.last_share_at AS last_share_at_ms`;
export const WORKER_TABLES = "worker w JOIN account a ON a.id = w.account_id LEFT JOIN worker_state s ON s.worker_id = w.id";

/** Of workers `w`, their accounts `a` and states `s`. */
const ORDER: Record<WorkerSort, string> = {
  name: "lower(w.name)",
  account: "a.address",
  state: `CASE ${STATE} WHEN 'mining' THEN 2 WHEN 'idle' THEN 1 ELSE 0 END`,
  hashrate: "CASE WHEN s.last_share_at > now() - interval '15 minutes' THEN s.hashrate_m15_hps ELSE 0 END",
  accepted: "s.accepted",
  rejected: "(s.stale + s.duplicate + s.low_difficulty + s.unauthorized + s.invalid)",
  last_share: "coalesce(s.last_share_at, '-infinity')",
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

function toWorker(row: WorkerRow & { total?: number | null }): WorkerDto {
  const { total: _, m1, m15, d1, accepted, stale, duplicate, low_difficulty, unauthorized, invalid, ...rest } = row;
  return {
    ...rest,
    hashrate_hps: { m1: m1 ?? 0, m15: m15 ?? 0, d1: d1 ?? 0 },
    shares: { accepted, stale, duplicate, low_difficulty, unauthorized, invalid },
  };
}

/**
 * Ids of the workers in whose `address.name`, as a miner types it, a text is found. An address has no dot: a text with one is found across
 * the first dot, or in the name. Each part is looked up in an index of its own.
 */
export function workersFound(text: string, param: (value: unknown) => string): string {
  const dot = text.indexOf(".");
  const name = `SELECT id FROM worker WHERE name ILIKE ${param(containsPattern(text))}`;
  const of_accounts = "SELECT w.id FROM account a JOIN worker w ON w.account_id = a.id WHERE";
  if (dot < 0) return `${name} UNION ${of_accounts} a.address ILIKE ${param(containsPattern(text))}`;
  const [left, right] = [containsPattern(text.slice(0, dot)).slice(0, -1), containsPattern(text.slice(dot + 1)).slice(1)];
  return `${name} UNION ${of_accounts} a.address ILIKE ${param(left)} AND w.name ILIKE ${param(right)}`;
}

/** Pages further down are not worth walking an index to. */
const INDEXED_ROWS_MAX = 10_000;

/** A page's ids come from as few tables as will do (every worker has a state); only its own rows are put together. */
export async function listWorkers(sql: Sql, query: WorkersQuery): Promise<WorkersPage> {
  const offset = (query.page - 1) * query.page_size;
  const plain = query.q === "" && query.account_id === null && query.state === null;
  if (plain && query.sort === "hashrate" && query.dir === "desc" && offset + query.page_size <= INDEXED_ROWS_MAX) {
    const page = await fastestWorkers(sql, query.page_size, offset);
    if (page !== null) return page;
  }
  const params: unknown[] = [];
  const param = (value: unknown) => `$${params.push(value)}`;
  const conditions: string[] = [];
  if (query.q !== "") conditions.push(`s.worker_id IN (${workersFound(query.q, param)})`);
  if (query.account_id !== null)
    conditions.push(`s.worker_id IN (SELECT id FROM worker WHERE account_id = ${param(query.account_id)})`);
  if (query.state !== null) conditions.push(`${STATE} = ${param(query.state)}`);
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const direction = query.dir === "asc" ? "ASC" : "DESC";
  // Without a filter an index counts them all, and may sort them; with one, whoever sorts them has them counted as well.
  const joined =
    query.sort === "account"
      ? "account a JOIN worker w ON w.account_id = a.id JOIN worker_state s ON s.worker_id = w.id"
      : query.sort === "name"
        ? "worker w JOIN worker_state s ON s.worker_id = w.id"
        : "worker_state s";
  const id = query.sort === "name" || query.sort === "account" ? "w.id" : "s.worker_id";
  const count_params = [...params];
  const counted = plain ? "SELECT count(*) AS total FROM worker" : `SELECT count(*) AS total FROM worker_state s ${where}`;
  const picked = `SELECT ${id} AS id, ${plain ? "NULL::bigint" : "count(*) OVER ()"} AS total FROM ${joined} ${where}
    ORDER BY ${ORDER[query.sort]} ${direction}, ${id} ${direction} LIMIT ${param(query.page_size)} OFFSET ${param(offset)}`;
  const rows = await workerRows(sql, picked, params);
  const known = rows[0]?.total ?? (plain || offset > 0 ? null : 0);
  const total = known ?? (await sql.query<{ total: number }>(counted, count_params)).rows[0]?.total ?? 0;
  return { total, rows: rows.map(toWorker) };
}

/**
 * In the order of the rates that are written down. A rate whose window has passed is 0 and comes after all others, so the page is right as
 * long as it is full of rates that hold; null where it is not.
 */
async function fastestWorkers(sql: Sql, limit: number, offset: number): Promise<WorkersPage | null> {
  const picked = `SELECT worker_id AS id, NULL::bigint AS total FROM worker_state
    WHERE hashrate_m15_hps > 0 AND last_share_at > now() - interval '15 minutes'
    ORDER BY hashrate_m15_hps DESC, worker_id DESC LIMIT $1 OFFSET $2`;
  const rows = await workerRows(sql, picked, [limit, offset]);
  if (rows.length < limit) return null;
  const counted = await sql.query<{ total: number }>("SELECT count(*) AS total FROM worker");
  return { total: counted.rows[0]?.total ?? 0, rows: rows.map(toWorker) };
}

async function workerRows(sql: Sql, picked: string, params: unknown[]): Promise<(WorkerRow & { total: number | null })[]> {
  const { rows } = await sql.query<WorkerRow & { total: number | null }>(
    `SELECT ${WORKER_COLUMNS}, page.total FROM (SELECT id, total, row_number() OVER () AS place FROM (${picked}) sorted) page
       JOIN worker w ON w.id = page.id JOIN account a ON a.id = w.account_id JOIN worker_state s ON s.worker_id = w.id ORDER BY page.place`,
    params,
  );
  return rows;
}

/** Null when there is no such worker. */
export async function getWorker(sql: Sql, id: number, window: Window, now_ms: number): Promise<WorkerDetailDto | null> {
  const found = await sql.query<WorkerRow>(`SELECT ${WORKER_COLUMNS} FROM ${WORKER_TABLES} WHERE w.id = $1`, [id]);
  const row = found.rows[0];
  if (row === undefined) return null;
  const [series, blocks] = await Promise.all([hashrateSeries(sql, id, window, now_ms), blocksOfWorker(sql, id)]);
  return { ...toWorker(row), window, series, blocks };
}
