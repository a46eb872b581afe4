import type { RigDetailDto, RigDto, RigSort, RigState, RigsPage, Window } from "@otedama/shared";
import { AgentHelloV1, AgentTelemetry, ShareCounts } from "@otedama/shared";
import type { Sql } from "./database.ts";
import { frameOf } from "./hashrate.ts";
import { containsPattern } from "./like.ts";

/** An agent reports every 5 s; three missed reports make it offline. */
export const OFFLINE_AFTER_S = 15;

/** What is kept of a hello: all but the token. */
export const StoredHello = AgentHelloV1.omit({ token: true });

const STATE = `
  CASE WHEN g.telemetry IS NULL OR g.last_seen_at IS NULL OR g.last_seen_at < now() - interval '${OFFLINE_AFTER_S} seconds' THEN 'offline'
       WHEN g.mining THEN 'mining'
       ELSE 'waiting' END`;
export const RIG_COLUMNS = `g.id, g.name, t.name AS site, g.hello, g.telemetry, g.last_seen_at AS last_seen_at_ms, ${STATE} AS state`;
export const RIG_TABLES = "agent g JOIN site t ON t.id = g.site_id";

export interface RigRow {
  id: string;
  name: string;
  site: string;
  hello: unknown;
  telemetry: unknown;
  last_seen_at_ms: number | null;
  state: RigState;
}

/** Hashrates of a rig that is offline are 0: nobody knows that it hashes. Its devices stay as they were last reported. */
export function toRig(row: RigRow): RigDto {
  const hello = StoredHello.parse(row.hello);
  const telemetry = row.telemetry === null ? null : AgentTelemetry.parse(row.telemetry);
  const devices = telemetry?.devices ?? [];
  const live = row.state === "offline" ? [] : devices;
  const sum = (window: "s10" | "s60" | "m15") => live.reduce((total, device) => total + device.hashrate_hps[window], 0);
  const temperatures = devices.flatMap((device) => (device.temperature_c === null ? [] : [device.temperature_c]));
  return {
    id: row.id,
    name: row.name,
    hostname: hello.hostname,
    site: row.site,
    state: row.state,
    message: telemetry?.pool.message ?? null,
    version: hello.version,
    os: hello.os,
    arch: hello.arch,
    cpu_model: hello.cpu.model,
    cpu_cores: hello.cpu.cores,
    cpu_threads: hello.cpu.threads,
    numa_nodes: hello.cpu.numa_nodes,
    cpu_features: hello.cpu.features,
    hashrate_hps: { s10: sum("s10"), s60: sum("s60"), m15: sum("m15") },
    temperature_c_max: temperatures.length === 0 ? null : Math.max(...temperatures),
    load_1m: telemetry?.load_1m ?? null,
    memory_total_bytes: telemetry?.memory_total_bytes ?? 0,
    memory_free_bytes: telemetry?.memory_free_bytes ?? 0,
    uptime_s: telemetry?.uptime_s ?? null,
    pool_url: telemetry?.pool.url ?? null,
    pool_user: telemetry?.pool.user ?? null,
    difficulty: telemetry?.pool.difficulty ?? null,
    latency_ms: telemetry?.pool.latency_ms ?? null,
    shares: telemetry?.pool.shares ?? NO_SHARES,
    last_seen_at_ms: row.last_seen_at_ms,
    devices,
  };
}
const NO_SHARES = ShareCounts.parse({ accepted: 0, stale: 0, duplicate: 0, low_difficulty: 0, unauthorized: 0, invalid: 0 });

const ORDER: Record<RigSort, string> = {
  name: "lower(name)",
  state: "CASE state WHEN 'mining' THEN 2 WHEN 'waiting' THEN 1 ELSE 0 END",
  hashrate: "CASE WHEN state = 'offline' THEN 0 ELSE hashrate_hps END",
  temperature: "coalesce(temperature_c_max, '-infinity')",
  last_seen: "coalesce(last_seen_at, '-infinity')",
};

/** Sorted by plain columns; the telemetry is read for the rows of the page alone. */
export async function listRigs(
  sql: Sql,
  query: { q: string; state: RigState | null; sort: RigSort; dir: "asc" | "desc"; page: number; page_size: number },
): Promise<RigsPage> {
  const filter = `
    FROM (SELECT g.id, g.name, g.hashrate_hps, g.temperature_c_max, g.last_seen_at, ${STATE} AS state FROM ${RIG_TABLES}
           ${query.q === "" ? "WHERE $1::text = '' AND $2::text <> ''" : "WHERE $1 <> '' AND (g.name ILIKE $2 OR g.hello ->> 'hostname' ILIKE $2 OR t.name ILIKE $2)"}) found
   WHERE $3::text IS NULL OR state = $3`;
  const params = [query.q, containsPattern(query.q), query.state];
  const [count, page] = await Promise.all([
    sql.query<{ total: number }>(`SELECT count(*) AS total ${filter}`, params),
    sql.query<RigRow>(
      `SELECT ${RIG_COLUMNS} FROM (SELECT id, row_number() OVER () AS place FROM (SELECT id ${filter}
           ORDER BY ${ORDER[query.sort]} ${query.dir === "asc" ? "ASC" : "DESC"}, lower(name), id LIMIT $4 OFFSET $5) sorted) page
         JOIN agent g ON g.id = page.id JOIN site t ON t.id = g.site_id ORDER BY page.place`,
      [...params, query.page_size, (query.page - 1) * query.page_size],
    ),
  ]);
  return { total: count.rows[0]?.total ?? 0, rows: page.rows.map(toRig) };
}

/**
 * Null when there is no such rig. Its series are means (hashrate) and maxima (temperature) of the reports in each step; a step
 * without a report is null, since nobody measured.
 */
export async function getRig(sql: Sql, id: string, window: Window, now_ms: number): Promise<RigDetailDto | null> {
  const frame = frameOf(window, now_ms);
  const [found, samples] = await Promise.all([
    sql.query<RigRow>(`SELECT ${RIG_COLUMNS} FROM ${RIG_TABLES} WHERE g.id = $1`, [id]),
    sql.query<{ step: number; hashrate_hps: number; temperature_c: number | null }>(
      `SELECT (floor(extract(epoch FROM at) / $2::int) * $2::int)::float8 AS step, avg(hashrate_hps) AS hashrate_hps,
              max(temperature_c_max) AS temperature_c
         FROM agent_sample WHERE agent_id = $1 AND at >= to_timestamp($3::float8) GROUP BY 1`,
      [id, frame.step_s, frame.from_s],
    ),
  ]);
  const row = found.rows[0];
  if (row === undefined) return null;
  const by_step = new Map(samples.rows.map((sample) => [sample.step, sample]));
  const starts = Array.from({ length: frame.steps }, (_, index) => frame.from_s + index * frame.step_s);
  return {
    ...toRig(row),
    window,
    series: {
      step_s: frame.step_s,
      at_ms: starts.map((start) => start * 1000),
      hashrate_hps: starts.map((start) => by_step.get(start)?.hashrate_hps ?? null),
    },
    temperature_c: starts.map((start) => by_step.get(start)?.temperature_c ?? null),
  };
}
