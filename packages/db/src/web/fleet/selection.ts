/** Which rigs a filter or a choice means, as a condition over `RIG_TABLES`. */
import type { BlastRadiusDto, RigSelection, RigsFilter } from "@otedama/shared";
import type { Sql } from "../database.ts";
import { containsPattern } from "../like.ts";
import { RIG_STATE, RIG_TABLES } from "../rigs.ts";

export interface Conditions {
  text: string;
  params: unknown[];
}

/** Retired rigs are in no list. */
export function rigConditions(filter: Partial<RigsFilter>): Conditions {
  const params: unknown[] = [];
  const conditions = ["g.retired_at IS NULL"];
  const add = (condition: (n: string) => string, value: unknown) => {
    if (value === null || value === undefined || value === "") return;
    params.push(value);
    conditions.push(condition(`$${params.length}`));
  };
  if (filter.q)
    add(
      (n) => `(g.name ILIKE ${n} OR g.hostname ILIKE ${n} OR t.name ILIKE ${n} OR r.name ILIKE ${n})`,
      containsPattern(filter.q),
    );
  add((n) => `${RIG_STATE} = ${n}`, filter.state);
  add((n) => `g.proof_state = ${n}`, filter.proof);
  add((n) => `g.site_id = ${n}`, filter.site_id);
  add((n) => `r.building_id = ${n}`, filter.building_id);
  add((n) => `g.rack_id = ${n}`, filter.rack_id);
  add((n) => `EXISTS (SELECT 1 FROM rig_group_member m WHERE m.agent_id = g.id AND m.group_id = ${n})`, filter.group_id);
  add((n) => `g.sheet_id = ${n}`, filter.sheet_id);
  add((n) => `g.version = ${n}`, filter.version);
  return { text: conditions.join(" AND "), params };
}

export function selectionConditions(selection: RigSelection): Conditions {
  if (selection.by === "filter") return rigConditions(selection.filter);
  return { text: "g.retired_at IS NULL AND g.id = ANY ($1::uuid[])", params: [selection.ids] };
}

export async function blastRadius(sql: Sql, { text, params }: Conditions): Promise<BlastRadiusDto> {
  const found = await sql.query<BlastRadiusDto>(
    `SELECT count(*) FILTER (WHERE keyed) AS rigs, count(*) FILTER (WHERE keyed AND state = 'mining') AS mining,
            count(*) FILTER (WHERE keyed AND state = 'offline') AS offline, count(*) FILTER (WHERE NOT keyed) AS unable,
            coalesce(sum(hashrate_hps) FILTER (WHERE keyed AND state <> 'offline'), 0)::float8 AS hashrate_hps,
            coalesce(sum(power_watts) FILTER (WHERE keyed AND state <> 'offline'), 0)::float8 AS power_watts,
            count(power_watts) FILTER (WHERE keyed AND state <> 'offline') AS power_rigs
       FROM (SELECT g.public_key IS NOT NULL AS keyed, ${RIG_STATE} AS state, g.hashrate_hps, g.power_watts FROM ${RIG_TABLES} WHERE ${text}) found`,
    params,
  );
  const row = found.rows[0];
  if (row === undefined) throw new Error("an aggregate answered no row");
  return row;
}
