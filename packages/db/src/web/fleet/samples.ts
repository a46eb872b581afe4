/**
 * History of rigs and their devices. One place writes it, in the transaction that takes the reports in, so that a report which was
 * acknowledged is in the history too.
 */
import type { AgentReport, AgentTelemetry } from "@otedama/shared";
import type { Sql } from "../database.ts";

export interface DeviceSample {
  device_id: string;
  /** Over the last ten seconds. */
  hashrate_hps: number;
  temperature_c: number | null;
  power_watts: number | null;
  /** Since the agent started; null where the agent does not tell (protocol 1). */
  accepted: number | null;
  rejected: number | null;
  hardware_errors: number;
}

export interface FleetSample {
  agent_id: string;
  at_ms: number;
  hashrate_hps: number;
  temperature_c_max: number | null;
  power_watts: number | null;
  load_1m: number;
  accepted: number;
  rejected: number;
  devices: DeviceSample[];
}

/** What history keeps of a report; `at_ms` is when it was, by our clock. */
export function sampleOf(agent_id: string, report: AgentReport | AgentTelemetry, at_ms: number): FleetSample {
  const { shares } = report.pool;
  const devices = report.devices.map(
    (device): DeviceSample => ({
      device_id: device.device_id,
      hashrate_hps: device.hashrate_hps.s10,
      temperature_c: device.temperature_c,
      power_watts: device.power_watts,
      accepted: "shares" in device ? device.shares.accepted : null,
      rejected: "shares" in device ? device.shares.rejected + device.shares.stale : null,
      hardware_errors: device.hardware_errors,
    }),
  );
  const measured = (of: (device: DeviceSample) => number | null) => devices.flatMap((device) => of(device) ?? []);
  const temperatures = measured((device) => device.temperature_c);
  const powers = measured((device) => device.power_watts);
  return {
    agent_id,
    at_ms,
    hashrate_hps: devices.reduce((sum, device) => sum + device.hashrate_hps, 0),
    temperature_c_max: temperatures.length === 0 ? null : Math.max(...temperatures),
    power_watts: powers.length === 0 ? null : powers.reduce((sum, watts) => sum + watts, 0),
    load_1m: report.load_1m,
    accepted: shares.accepted,
    rejected: shares.stale + shares.duplicate + shares.low_difficulty + shares.unauthorized + shares.invalid,
    devices,
  };
}

/** A sample that is there already is left; samples of agents that are not in the database are skipped. */
export async function writeSamples(sql: Sql, samples: readonly FleetSample[]): Promise<void> {
  if (samples.length === 0) return;
  await sql.query(
    `INSERT INTO agent_sample (agent_id, at, hashrate_hps, temperature_c_max, load_1m, accepted, rejected)
     SELECT r.agent_id, to_timestamp(r.at_ms / 1000.0), r.hashrate_hps, r.temperature_c_max, r.load_1m, r.accepted, r.rejected
       FROM unnest($1::uuid[], $2::float8[], $3::float8[], $4::float8[], $5::float8[], $6::bigint[], $7::bigint[])
            AS r (agent_id, at_ms, hashrate_hps, temperature_c_max, load_1m, accepted, rejected)
       JOIN agent g ON g.id = r.agent_id
     ON CONFLICT DO NOTHING`,
    [
      samples.map((sample) => sample.agent_id),
      samples.map((sample) => sample.at_ms),
      samples.map((sample) => sample.hashrate_hps),
      samples.map((sample) => sample.temperature_c_max),
      samples.map((sample) => sample.load_1m),
      samples.map((sample) => sample.accepted),
      samples.map((sample) => sample.rejected),
    ],
  );
}

/** Deletes at most `rows_max` samples older than `before_ms`; answers how many, so that the caller goes on until none are left. */
export async function deleteSamplesBefore(sql: Sql, before_ms: number, rows_max: number): Promise<number> {
  const deleted = await sql.query(
    `DELETE FROM agent_sample WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM agent_sample WHERE at < to_timestamp($1::float8 / 1000.0) LIMIT $2))`,
    [before_ms, rows_max],
  );
  return deleted.rowCount ?? 0;
}
