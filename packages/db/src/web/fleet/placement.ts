/** Where all rigs stand, as a table: out and back in. */
import type { PlacementImportDto } from "@otedama/shared";
import { type Actor, writeAudit } from "../audit.ts";
import type { Sql } from "../database.ts";
import { refreshDesired } from "./desired.ts";
import { type PlacedRig, type PlacementLine, type PlannedRig, planPlacement } from "./placement_plan.ts";
import { insertPlace } from "./places.ts";
import { type FleetDatabase, type Transaction, transaction } from "./transaction.ts";

const PROBLEMS_MAX = 100;

export async function readPlacement(sql: Sql): Promise<PlacedRig[]> {
  const found = await sql.query<PlacedRig>(
    `SELECT g.id, g.name, t.name AS site, b.name AS building, r.name AS rack, g.slot,
            ARRAY(SELECT q.name FROM rig_group_member m JOIN rig_group q ON q.id = m.group_id WHERE m.agent_id = g.id ORDER BY q.id) AS groups
       FROM agent g JOIN site t ON t.id = g.site_id LEFT JOIN rack r ON r.id = g.rack_id LEFT JOIN building b ON b.id = r.building_id
      WHERE g.retired_at IS NULL ORDER BY lower(t.name), lower(b.name), lower(r.name), g.slot, lower(g.name), g.id`,
  );
  return found.rows;
}

export interface PlacementImported {
  done: PlacementImportDto;
  agent_ids: string[];
}

/** All lines or none. Without `apply` it only says what it would do. Places that are not there yet are made. */
export async function importPlacement(
  database: FleetDatabase,
  actor: Actor,
  lines: readonly PlacementLine[],
  options: { apply: boolean },
): Promise<PlacementImported> {
  return transaction(database, async (client) => {
    if (options.apply) await client.query("LOCK TABLE site, building, rack, rig_group IN SHARE ROW EXCLUSIVE MODE");
    const { changed, problems } = planPlacement(await readPlacement(client), lines);
    const places = await readPlaces(client);
    for (const { line, site, building, rack, slot } of changed) {
      const known = rack === null ? undefined : places.racks.get(key(site, building ?? "", rack));
      if (known !== undefined && slot !== null && slot > known.slots)
        problems.push({ line, field: "slot", message: `${rack} has ${known.slots} slots` });
    }
    const made = missingPlaces(places, changed);
    const done: PlacementImportDto = {
      applied: options.apply && problems.length === 0,
      rows: lines.length,
      changed: changed.length,
      made: made.map(({ words }) => words),
      problems: problems.slice(0, PROBLEMS_MAX),
    };
    if (!done.applied || changed.length === 0) return { done, agent_ids: [] };
    await makePlaces(client, places, made);
    await move(client, places, changed);
    const agent_ids = await refreshDesired(
      client,
      changed.map((rig) => rig.id),
    );
    await writeAudit(client, actor, {
      action: "placement.import",
      subject: `rigs:${changed.length}`,
      details: {
        after: { rows: lines.length, changed: changed.length, made: done.made.slice(0, 50), rigs: changed.slice(0, 100) },
      },
    });
    return { done, agent_ids };
  });
}

const key = (...names: string[]): string => JSON.stringify(names);

interface Places {
  sites: Map<string, number>;
  buildings: Map<string, number>;
  racks: Map<string, { id: number; slots: number }>;
  groups: Map<string, number>;
}

async function readPlaces(sql: Sql): Promise<Places> {
  const sites = await sql.query<{ id: number; name: string }>("SELECT id, name FROM site");
  const buildings = await sql.query<{ id: number; name: string; site: string }>(
    "SELECT b.id, b.name, t.name AS site FROM building b JOIN site t ON t.id = b.site_id",
  );
  const racks = await sql.query<{ id: number; name: string; slots: number; building: string; site: string }>(
    "SELECT r.id, r.name, r.slots, b.name AS building, t.name AS site FROM rack r JOIN building b ON b.id = r.building_id JOIN site t ON t.id = b.site_id",
  );
  const groups = await sql.query<{ id: number; name: string }>("SELECT id, name FROM rig_group");
  return {
    sites: new Map(sites.rows.map((row) => [row.name, row.id])),
    buildings: new Map(buildings.rows.map((row) => [key(row.site, row.name), row.id])),
    racks: new Map(racks.rows.map((row) => [key(row.site, row.building, row.name), { id: row.id, slots: row.slots }])),
    groups: new Map(groups.rows.map((row) => [row.name, row.id])),
  };
}

type Missing = { words: string } & (
  | { kind: "site"; site: string }
  | { kind: "building"; site: string; building: string }
  | { kind: "rack"; site: string; building: string; rack: string; slots: number }
  | { kind: "group"; group: string }
);

/** In the order in which they can be made. A new rack gets as many slots as the highest one that is used. */
function missingPlaces(places: Places, changed: readonly PlannedRig[]): Missing[] {
  const missing = new Map<string, Missing>();
  for (const { site } of changed)
    if (!places.sites.has(site)) missing.set(key("site", site), { kind: "site", site, words: `site ${site}` });
  for (const { site, building } of changed) {
    if (building === null || places.buildings.has(key(site, building))) continue;
    missing.set(key("building", site, building), { kind: "building", site, building, words: `building ${site} / ${building}` });
  }
  for (const { site, building, rack, slot } of changed) {
    if (building === null || rack === null || places.racks.has(key(site, building, rack))) continue;
    const name = key("rack", site, building, rack);
    const before = missing.get(name);
    const slots = Math.max(slot ?? 1, before?.kind === "rack" ? before.slots : 1);
    missing.set(name, { kind: "rack", site, building, rack, slots, words: `rack ${site} / ${building} / ${rack}` });
  }
  for (const group of new Set(changed.flatMap((rig) => rig.groups ?? []))) {
    if (!places.groups.has(group)) missing.set(key("group", group), { kind: "group", group, words: `group ${group}` });
  }
  return [...missing.values()];
}

async function makePlaces(client: Transaction, places: Places, missing: readonly Missing[]): Promise<void> {
  for (const one of missing) {
    if (one.kind === "site") places.sites.set(one.site, await insertPlace(client, { kind: "site", name: one.site }));
    else if (one.kind === "group") places.groups.set(one.group, await insertPlace(client, { kind: "group", name: one.group }));
    else if (one.kind === "building") {
      const site_id = places.sites.get(one.site) ?? 0;
      places.buildings.set(
        key(one.site, one.building),
        await insertPlace(client, { kind: "building", name: one.building, site_id }),
      );
    } else {
      const { site, building, rack, slots } = one;
      const building_id = places.buildings.get(key(site, building)) ?? 0;
      const id = await insertPlace(client, { kind: "rack", name: rack, building_id, slots });
      places.racks.set(key(site, building, rack), { id, slots });
    }
  }
}

async function move(client: Transaction, places: Places, changed: readonly PlannedRig[]): Promise<void> {
  const ids = changed.map((rig) => rig.id);
  await client.query("SELECT id FROM agent WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE", [ids]);
  // Two that change places are both out for a moment.
  await client.query("UPDATE agent SET rack_id = NULL, slot = NULL WHERE id = ANY ($1::uuid[]) AND rack_id IS NOT NULL", [ids]);
  await client.query(
    `UPDATE agent SET site_id = r.site_id, rack_id = r.rack_id, slot = r.slot
       FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[]) AS r (id, site_id, rack_id, slot) WHERE agent.id = r.id`,
    [
      ids,
      changed.map((rig) => places.sites.get(rig.site) ?? null),
      changed.map((rig) =>
        rig.rack === null ? null : (places.racks.get(key(rig.site, rig.building ?? "", rig.rack))?.id ?? null),
      ),
      changed.map((rig) => rig.slot),
    ],
  );
  const regrouped = changed.filter((rig) => rig.groups !== null);
  await client.query("DELETE FROM rig_group_member WHERE agent_id = ANY ($1::uuid[])", [regrouped.map((rig) => rig.id)]);
  const members = regrouped.flatMap((rig) =>
    (rig.groups ?? []).map((group) => ({ id: rig.id, group_id: places.groups.get(group) ?? 0 })),
  );
  await client.query("INSERT INTO rig_group_member (agent_id, group_id) SELECT * FROM unnest($1::uuid[], $2::int[])", [
    members.map((member) => member.id),
    members.map((member) => member.group_id),
  ]);
}
