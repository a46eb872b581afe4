import type {
  DesiredReport,
  FlightSheet,
  ProofState,
  RigCountsDto,
  RigDetailDto,
  RigDeviceDto,
  RigDto,
  RigEventDto,
  RigMapDto,
  RigSort,
  RigState,
  RigsFilter,
  RigsPage,
  Window,
} from "@otedama/shared";
import { AgentFacts, AgentHelloV1, AgentReport, AgentTelemetry, RIG_MAP_MAX, ShareCounts } from "@otedama/shared";
import type { Sql } from "./database.ts";
import { rigConditions } from "./fleet/selection.ts";
import { frameOf } from "./hashrate.ts";

/** Agents report every 5 s, on a large farm every 10 s; three missed reports make one offline. */
export const OFFLINE_AFTER_S = 30;

/** What is kept of a hello of protocol 1: all but the token. */
export const StoredHello = AgentHelloV1.omit({ token: true });

export const RIG_STATE = `
  CASE WHEN g.telemetry IS NULL OR g.last_seen_at IS NULL OR g.last_seen_at < now() - interval '${OFFLINE_AFTER_S} seconds' THEN 'offline'
       WHEN g.mining THEN 'mining'
       ELSE 'waiting' END`;
export const RIG_COLUMNS = `g.id, g.name, t.name AS site, g.site_id, b.name AS building, r.name AS rack, g.rack_id, g.slot, g.hello, g.telemetry,
  g.public_key IS NOT NULL AS keyed, g.release_number, g.power_watts, g.last_seen_at AS last_seen_at_ms, ${RIG_STATE} AS state,
  g.sheet_id, f.name AS sheet_name, g.sheet_version, g.proof_state, g.proof_since AS proof_since_ms, g.paused_reason`;
export const RIG_TABLES = `agent g JOIN site t ON t.id = g.site_id LEFT JOIN rack r ON r.id = g.rack_id
  LEFT JOIN building b ON b.id = r.building_id LEFT JOIN flight_sheet f ON f.id = g.sheet_id`;

export interface RigRow {
  id: string;
  name: string;
  site: string;
  site_id: number;
  building: string | null;
  rack: string | null;
  rack_id: number | null;
  slot: number | null;
  hello: unknown;
  telemetry: unknown;
  keyed: boolean;
  release_number: number | null;
  power_watts: number | null;
  last_seen_at_ms: number | null;
  state: RigState;
  sheet_id: number | null;
  sheet_name: string | null;
  sheet_version: number | null;
  proof_state: ProofState | null;
  proof_since_ms: number | null;
  paused_reason: string | null;
}

/** Of either protocol; what protocol 1 does not tell is null. */
type Report = { of: 2; report: AgentReport } | { of: 1; report: AgentTelemetry } | null;

function reportOf(telemetry: unknown): Report {
  if (telemetry === null) return null;
  const newer = AgentReport.safeParse(telemetry);
  return newer.success ? { of: 2, report: newer.data } : { of: 1, report: AgentTelemetry.parse(telemetry) };
}

function devicesOf(report: Report): RigDeviceDto[] {
  if (report === null) return [];
  if (report.of === 2) return report.report.devices;
  return report.report.devices.map((device) => ({
    ...device,
    hashrate_hps: { s1: null, ...device.hashrate_hps },
    shares: null,
    temperatures: [],
    fans: [],
    power_limit_watts: null,
    clocks: [],
    memory: null,
  }));
}

/** Hashrates of a rig that is offline are 0: nobody knows that it hashes. Its devices stay as they were last reported. */
export function toRig(row: RigRow): RigDto {
  const facts = AgentFacts.safeParse(row.hello);
  const hello = facts.success ? facts.data : StoredHello.parse(row.hello);
  const parsed = reportOf(row.telemetry);
  const telemetry = parsed?.report ?? null;
  const devices = devicesOf(parsed);
  const live = row.state === "offline" ? [] : devices;
  const sum = (window: "s10" | "s60" | "m15") => live.reduce((total, device) => total + device.hashrate_hps[window], 0);
  const temperatures = devices.flatMap((device) => (device.temperature_c === null ? [] : [device.temperature_c]));
  const { sheet_id, sheet_name, sheet_version } = row;
  return {
    id: row.id,
    name: row.name,
    hostname: hello.hostname,
    site: row.site,
    site_id: row.site_id,
    building: row.building,
    rack: row.rack,
    rack_id: row.rack_id,
    slot: row.slot,
    state: row.state,
    message: telemetry?.pool.message ?? null,
    protocol: row.keyed ? 2 : 1,
    version: hello.version,
    release_number: row.release_number,
    os: hello.os,
    arch: hello.arch,
    cpu_model: hello.cpu.model,
    cpu_cores: hello.cpu.cores,
    cpu_threads: hello.cpu.threads,
    numa_nodes: hello.cpu.numa_nodes,
    cpu_features: hello.cpu.features,
    hashrate_hps: { s10: sum("s10"), s60: sum("s60"), m15: sum("m15") },
    temperature_c_max: temperatures.length === 0 ? null : Math.max(...temperatures),
    power_watts: row.power_watts,
    load_1m: telemetry?.load_1m ?? null,
    memory_total_bytes: telemetry?.memory_total_bytes ?? 0,
    memory_free_bytes: telemetry?.memory_free_bytes ?? 0,
    uptime_s: uptimeOf(parsed),
    pool_url: telemetry?.pool.url ?? null,
    pool_user: telemetry?.pool.user ?? null,
    difficulty: telemetry?.pool.difficulty ?? null,
    latency_ms: telemetry?.pool.latency_ms ?? null,
    shares: telemetry?.pool.shares ?? NO_SHARES,
    last_seen_at_ms: row.last_seen_at_ms,
    devices,
    sheet:
      sheet_id === null || sheet_name === null || sheet_version === null
        ? null
        : { id: sheet_id, name: sheet_name, version: sheet_version },
    proof_state: row.proof_state,
    proof_since_ms: row.proof_since_ms,
    paused_reason: row.paused_reason,
  };
}
const NO_SHARES = ShareCounts.parse({ accepted: 0, stale: 0, duplicate: 0, low_difficulty: 0, unauthorized: 0, invalid: 0 });

function uptimeOf(parsed: Report): number | null {
  if (parsed === null) return null;
  if (parsed.of === 1) return parsed.report.uptime_s;
  return Math.max(0, (parsed.report.at_ms - parsed.report.started_at_ms) / 1000);
}

const ORDER: Record<RigSort, string> = {
  name: "lower(name)",
  state: "CASE state WHEN 'mining' THEN 2 WHEN 'waiting' THEN 1 ELSE 0 END",
  hashrate: "CASE WHEN state = 'offline' THEN 0 ELSE hashrate_hps END",
  temperature: "coalesce(temperature_c_max, '-infinity')",
  last_seen: "coalesce(last_seen_at, '-infinity')",
  power: "coalesce(power_watts, -1)",
  place: "lower(place)",
  version: "version",
  proof: "CASE proof_state WHEN 'failing' THEN 0 WHEN 'drifting' THEN 1 WHEN 'converging' THEN 2 WHEN 'proved' THEN 3 ELSE 4 END",
};

const FOUND_COLUMNS = `g.id, g.name, g.hashrate_hps, g.temperature_c_max, g.last_seen_at, g.power_watts, g.version, g.proof_state,
  concat_ws(' ', t.name, b.name, r.name, to_char(g.slot, '0000')) AS place, ${RIG_STATE} AS state`;

/** Sorted by plain columns; the telemetry is read for the rows of the page alone. */
export async function listRigs(
  sql: Sql,
  query: Partial<RigsFilter> & { sort: RigSort; dir: "asc" | "desc"; page: number; page_size: number },
): Promise<RigsPage> {
  const { text, params } = rigConditions(query);
  const [count, page] = await Promise.all([
    sql.query<{ total: number }>(`SELECT count(*) AS total FROM ${RIG_TABLES} WHERE ${text}`, params),
    sql.query<RigRow>(
      `SELECT ${RIG_COLUMNS} FROM (SELECT id, row_number() OVER () AS place FROM (
           SELECT id FROM (SELECT ${FOUND_COLUMNS} FROM ${RIG_TABLES} WHERE ${text}) found
            ORDER BY ${ORDER[query.sort]} ${query.dir === "asc" ? "ASC" : "DESC"}, lower(name), id
            LIMIT $${params.length + 1} OFFSET $${params.length + 2}) sorted) page
         JOIN agent g ON g.id = page.id JOIN site t ON t.id = g.site_id LEFT JOIN rack r ON r.id = g.rack_id
         LEFT JOIN building b ON b.id = r.building_id LEFT JOIN flight_sheet f ON f.id = g.sheet_id ORDER BY page.place`,
      [...params, query.page_size, (query.page - 1) * query.page_size],
    ),
  ]);
  return { total: count.rows[0]?.total ?? 0, rows: page.rows.map(toRig) };
}

/** Rigs of a filter by state, by proof and by version; the filter's own state and proof are left out of it. */
export async function countRigs(sql: Sql, filter: Partial<RigsFilter>): Promise<RigCountsDto> {
  const { text, params } = rigConditions({ ...filter, state: null, proof: null });
  const found = await sql.query<{ state: RigState; proof: ProofState | null; version: string; n: number }>(
    `SELECT state, proof, version, count(*) AS n
       FROM (SELECT ${RIG_STATE} AS state, g.proof_state AS proof, g.version FROM ${RIG_TABLES} WHERE ${text}) found GROUP BY 1, 2, 3`,
    params,
  );
  const states = { mining: 0, waiting: 0, offline: 0 };
  const proofs = { converging: 0, proved: 0, drifting: 0, failing: 0 };
  const versions = new Map<string, number>();
  for (const { state, proof, version, n } of found.rows) {
    states[state] += n;
    if (proof !== null) proofs[proof] += n;
    versions.set(version, (versions.get(version) ?? 0) + n);
  }
  const by_count = [...versions].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return { states, proofs, versions: by_count.slice(0, 50).map(([version, rigs]) => ({ version, rigs })) };
}

export async function mapRigs(sql: Sql, filter: Partial<RigsFilter>): Promise<RigMapDto> {
  const { text, params } = rigConditions(filter);
  const found = await sql.query<RigMapDto["rigs"][number]>(
    `SELECT g.id, g.name, g.rack_id, g.slot, ${RIG_STATE} AS state, g.proof_state,
            CASE WHEN ${RIG_STATE} = 'offline' THEN 0 ELSE g.hashrate_hps END AS hashrate_hps, g.temperature_c_max, g.power_watts
       FROM ${RIG_TABLES} WHERE ${text} ORDER BY g.rack_id NULLS LAST, g.slot NULLS LAST, g.id LIMIT ${RIG_MAP_MAX + 1}`,
    params,
  );
  return { rigs: found.rows.slice(0, RIG_MAP_MAX), truncated: found.rows.length > RIG_MAP_MAX };
}

interface DetailRow extends RigRow {
  key_fingerprint: string | null;
  enrolled_at_ms: number | null;
  retired_at_ms: number | null;
  clock_skew_ms: number | null;
  report_number: number;
  reports_lost: number;
  reports_refused: number;
  desired_revision: number;
  desired_held: number;
  desired: { sheet: { content: FlightSheet; worker_user: string } | null } | null;
  proof: DesiredReport | null;
}

/**
 * Null when there is no such rig. Its series are means (hashrate) and maxima (temperature) of the reports in each step; a step
 * without a report is null, since nobody measured.
 */
export async function getRig(sql: Sql, id: string, window: Window, now_ms: number): Promise<RigDetailDto | null> {
  const frame = frameOf(window, now_ms);
  const [found, samples, events, groups] = await Promise.all([
    sql.query<DetailRow>(
      `SELECT ${RIG_COLUMNS}, 'SHA256:' || rtrim(encode(sha256(g.public_key), 'base64'), '=') AS key_fingerprint, g.enrolled_at AS enrolled_at_ms,
              g.retired_at AS retired_at_ms, g.clock_skew_ms, g.report_number, g.reports_lost, g.reports_refused, g.desired_revision, g.desired_held,
              g.desired, g.proof
         FROM ${RIG_TABLES} WHERE g.id = $1`,
      [id],
    ),
    sql.query<{ step: number; hashrate_hps: number; temperature_c: number | null }>(
      `SELECT (floor(extract(epoch FROM at) / $2::int) * $2::int)::float8 AS step, avg(hashrate_hps) AS hashrate_hps,
              max(temperature_c_max) AS temperature_c
         FROM agent_sample WHERE agent_id = $1 AND at >= to_timestamp($3::float8) GROUP BY 1`,
      [id, frame.step_s, frame.from_s],
    ),
    sql.query<RigEventDto>(
      "SELECT number, at AS at_ms, kind, severity, device_id, text FROM agent_event WHERE agent_id = $1 ORDER BY at DESC, number DESC LIMIT 50",
      [id],
    ),
    sql.query<{ id: number; name: string }>(
      "SELECT q.id, q.name FROM rig_group_member m JOIN rig_group q ON q.id = m.group_id WHERE m.agent_id = $1 ORDER BY q.id",
      [id],
    ),
  ]);
  const row = found.rows[0];
  if (row === undefined) return null;
  const by_step = new Map(samples.rows.map((sample) => [sample.step, sample]));
  const starts = Array.from({ length: frame.steps }, (_, index) => frame.from_s + index * frame.step_s);
  const report = reportOf(row.telemetry);
  return {
    ...toRig(row),
    window,
    series: {
      step_s: frame.step_s,
      at_ms: starts.map((start) => start * 1000),
      hashrate_hps: starts.map((start) => by_step.get(start)?.hashrate_hps ?? null),
    },
    temperature_c: starts.map((start) => by_step.get(start)?.temperature_c ?? null),
    key_fingerprint: row.key_fingerprint,
    enrolled_at_ms: row.enrolled_at_ms,
    retired_at_ms: row.retired_at_ms,
    clock_skew_ms: row.clock_skew_ms,
    reports: { last_number: row.report_number, lost: row.reports_lost, refused: row.reports_refused },
    groups: groups.rows,
    desired:
      row.desired_revision === 0
        ? null
        : {
            revision: row.desired_revision,
            held_revision: row.desired_held,
            content: row.desired?.sheet?.content ?? null,
            worker_user: row.desired?.sheet?.worker_user ?? null,
          },
    proof: row.proof,
    machine: report?.of === 2 ? machineOf(report.report) : null,
    events: events.rows,
  };
}

function machineOf(report: AgentReport): RigDetailDto["machine"] {
  const { machine_uptime_s, disk_total_bytes, disk_free_bytes, network, own, watchdogs } = report;
  return { machine_uptime_s, disk_total_bytes, disk_free_bytes, network, own, watchdogs };
}
