/** Sites, buildings, racks and groups, and which rigs are in them. */
import type { PlaceInput, PlaceKind, PlacesDto, RigPlaceInput } from "@otedama/shared";
import { type Actor, writeAudit } from "../audit.ts";
import type { Sql } from "../database.ts";
import { RIG_STATE } from "../rigs.ts";
import { refreshDesired } from "./desired.ts";
import { FleetError } from "./fleet_error.ts";
import { type FleetDatabase, type Transaction, transaction } from "./transaction.ts";

export const PLACES_MAX = 20_000;

const SUMS = `count(g.id) AS rigs, count(g.id) FILTER (WHERE g.state = 'mining') AS mining,
  coalesce(sum(g.hashrate_hps) FILTER (WHERE g.state <> 'offline'), 0)::float8 AS hashrate_hps`;
const RIGS = `(SELECT g.id, g.site_id, g.rack_id, g.hashrate_hps, ${RIG_STATE} AS state FROM agent g WHERE g.retired_at IS NULL) g`;

interface PlaceRow {
  id: number;
  name: string;
  rigs: number;
  mining: number;
  hashrate_hps: number;
}

/** Everything at once: there are few places beside the rigs in them. */
export async function listPlaces(sql: Sql): Promise<PlacesDto> {
  const [sites, buildings, racks, groups] = await Promise.all([
    sql.query<PlaceRow>(
      `SELECT t.id, t.name, ${SUMS} FROM site t LEFT JOIN ${RIGS} ON g.site_id = t.id GROUP BY t.id ORDER BY lower(t.name), t.id`,
    ),
    sql.query<PlaceRow & { site_id: number }>(
      `SELECT b.id, b.site_id, b.name, ${SUMS} FROM building b LEFT JOIN rack r ON r.building_id = b.id LEFT JOIN ${RIGS} ON g.rack_id = r.id
        GROUP BY b.id ORDER BY lower(b.name), b.id`,
    ),
    sql.query<PlaceRow & { building_id: number; slots: number }>(
      `SELECT r.id, r.building_id, r.name, r.slots, ${SUMS} FROM rack r LEFT JOIN ${RIGS} ON g.rack_id = r.id GROUP BY r.id ORDER BY lower(r.name), r.id`,
    ),
    sql.query<PlaceRow>(
      `SELECT q.id, q.name, ${SUMS} FROM rig_group q LEFT JOIN rig_group_member m ON m.group_id = q.id LEFT JOIN ${RIGS} ON g.id = m.agent_id
        GROUP BY q.id ORDER BY lower(q.name), q.id`,
    ),
  ]);
  const racks_of = Map.groupBy(racks.rows, (rack) => rack.building_id);
  const buildings_of = Map.groupBy(buildings.rows, (building) => building.site_id);
  return {
    sites: sites.rows.map((site) => ({
      ...site,
      buildings: (buildings_of.get(site.id) ?? []).map((building) => ({ ...building, racks: racks_of.get(building.id) ?? [] })),
    })),
    groups: groups.rows,
  };
}

const TABLE: Record<PlaceKind, string> = { site: "site", building: "building", rack: "rack", group: "rig_group" };
const UNIQUE_VIOLATION = "23505";
const FOREIGN_KEY_VIOLATION = "23503";

/** What the database's own rules refuse, in words. */
async function refusing<T>(kind: PlaceKind, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
    if (code === UNIQUE_VIOLATION) throw new FleetError("taken", `name: there is a ${kind} of this name here already.`);
    if (code === FOREIGN_KEY_VIOLATION) throw new FleetError("not_found", `There is no such place for a ${kind}.`);
    throw error;
  }
}

/** Throws a FleetError: `taken`, `not_found` (what it is in), `too_many`. */
export async function createPlace(database: FleetDatabase, actor: Actor, input: PlaceInput): Promise<{ id: number }> {
  return refusing(
    input.kind,
    transaction(database, async (client) => {
      const count = await client.query<{ n: number }>(`SELECT count(*) AS n FROM ${TABLE[input.kind]}`);
      if ((count.rows[0]?.n ?? 0) >= PLACES_MAX) throw new FleetError("too_many", `There are ${PLACES_MAX} already.`);
      const id = await insertPlace(client, input);
      await writeAudit(client, actor, {
        action: "place.create",
        subject: `${input.kind}:${id}`,
        details: { after: input },
      });
      return { id };
    }),
  );
}

export async function insertPlace(client: Transaction, input: PlaceInput): Promise<number> {
  const [text, params] =
    input.kind === "site"
      ? ["INSERT INTO site (name) VALUES ($1) RETURNING id", [input.name]]
      : input.kind === "building"
        ? ["INSERT INTO building (name, site_id) VALUES ($1, $2) RETURNING id", [input.name, input.site_id]]
        : input.kind === "rack"
          ? [
              "INSERT INTO rack (name, building_id, slots) VALUES ($1, $2, $3) RETURNING id",
              [input.name, input.building_id, input.slots],
            ]
          : ["INSERT INTO rig_group (name) VALUES ($1) RETURNING id", [input.name]];
  const made = await client.query<{ id: number }>(text as string, params as unknown[]);
  const id = made.rows[0]?.id;
  if (id === undefined) throw new Error("the place was not stored");
  return id;
}

/** Answers the rigs whose desired state it changed: a rack's name may be in their workers' names. */
export async function changePlace(
  database: FleetDatabase,
  actor: Actor,
  input: { kind: PlaceKind; id: number; name: string; slots: number | null },
): Promise<string[]> {
  const { kind, id, name, slots } = input;
  return refusing(
    kind,
    transaction(database, async (client) => {
      const found = await client.query<{ name: string; slots: number | null }>(
        `SELECT name, ${kind === "rack" ? "slots" : "NULL::int AS slots"} FROM ${TABLE[kind]} WHERE id = $1 FOR UPDATE`,
        [id],
      );
      const before = found.rows[0];
      if (before === undefined) throw new FleetError("not_found", `There is no such ${kind}.`);
      if (kind === "rack" && slots !== null) {
        const highest = await client.query<{ slot: number | null }>("SELECT max(slot) AS slot FROM agent WHERE rack_id = $1", [
          id,
        ]);
        if ((highest.rows[0]?.slot ?? 0) > slots) {
          throw new FleetError("wrong_state", `slots: there is a rig in slot ${highest.rows[0]?.slot}. Move it first.`);
        }
        await client.query("UPDATE rack SET slots = $2 WHERE id = $1", [id, slots]);
      }
      await client.query(`UPDATE ${TABLE[kind]} SET name = $2 WHERE id = $1`, [id, name]);
      await writeAudit(client, actor, {
        action: "place.change",
        subject: `${kind}:${id}`,
        details: { before, after: { name, ...(slots === null ? {} : { slots }) } },
      });
      return kind === "rack" ? refreshDesired(client, { target: "rack", id }) : [];
    }),
  );
}

const HOLDS: Record<Exclude<PlaceKind, "group">, { text: string; what: string }> = {
  site: {
    text: "SELECT (SELECT count(*) FROM agent WHERE site_id = $1) + (SELECT count(*) FROM building WHERE site_id = $1) + (SELECT count(*) FROM enrolment_token WHERE site_id = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now()) AS n",
    what: "rigs, buildings or open tokens",
  },
  building: { text: "SELECT count(*) AS n FROM rack WHERE building_id = $1", what: "racks" },
  rack: { text: "SELECT count(*) AS n FROM agent WHERE rack_id = $1", what: "rigs" },
};

/** Empty places only; a group lets go of its rigs. Answers the rigs whose desired state it changed. */
export async function removePlace(
  database: FleetDatabase,
  actor: Actor,
  input: { kind: PlaceKind; id: number },
): Promise<string[]> {
  const { kind, id } = input;
  return transaction(database, async (client) => {
    const found = await client.query<{ name: string }>(`SELECT name FROM ${TABLE[kind]} WHERE id = $1 FOR UPDATE`, [id]);
    const before = found.rows[0];
    if (before === undefined) throw new FleetError("not_found", `There is no such ${kind}.`);
    let members: string[] = [];
    if (kind === "group") {
      const rows = await client.query<{ agent_id: string }>("SELECT agent_id FROM rig_group_member WHERE group_id = $1", [id]);
      members = rows.rows.map((row) => row.agent_id);
    } else {
      const held = await client.query<{ n: number }>(HOLDS[kind].text, [id]);
      const n = held.rows[0]?.n ?? 0;
      if (n > 0)
        throw new FleetError("wrong_state", `${before.name} still holds ${n} ${HOLDS[kind].what}. Move or remove them first.`);
    }
    await client.query("DELETE FROM flight_assignment WHERE target = $1 AND target_id = $2", [kind, String(id)]);
    if (kind === "site") await client.query("DELETE FROM enrolment_token WHERE site_id = $1", [id]);
    await client.query(`DELETE FROM ${TABLE[kind]} WHERE id = $1`, [id]);
    await writeAudit(client, actor, {
      action: "place.remove",
      subject: `${kind}:${id}`,
      details: { before: { ...before, ...(kind === "group" ? { rigs: members.length } : {}) } },
    });
    return members.length === 0 ? [] : refreshDesired(client, members);
  });
}

/** Throws a FleetError: `not_found`, `bad_input` (the slot), `taken` (the slot). */
export async function placeRig(database: FleetDatabase, actor: Actor, input: RigPlaceInput): Promise<string[]> {
  const { rig_id, site_id, rack_id, slot } = input;
  return transaction(database, async (client) => {
    const found = await client.query<{ name: string; site_id: number; rack_id: number | null; slot: number | null }>(
      "SELECT name, site_id, rack_id, slot FROM agent WHERE id = $1 FOR NO KEY UPDATE",
      [rig_id],
    );
    const before = found.rows[0];
    if (before === undefined) throw new FleetError("not_found", "There is no such rig.");
    const site = await client.query("SELECT 1 FROM site WHERE id = $1", [site_id]);
    if (site.rowCount === 0) throw new FleetError("not_found", "site_id: there is no such site.");
    if (rack_id === null && slot !== null) throw new FleetError("bad_input", "slot: a slot is in a rack. Say which.");
    if (rack_id !== null) {
      const rack = await client.query<{ slots: number; site_id: number; name: string }>(
        "SELECT r.slots, b.site_id, r.name FROM rack r JOIN building b ON b.id = r.building_id WHERE r.id = $1",
        [rack_id],
      );
      const there = rack.rows[0];
      if (there === undefined) throw new FleetError("not_found", "rack_id: there is no such rack.");
      if (there.site_id !== site_id) throw new FleetError("bad_input", `rack_id: ${there.name} is at another site.`);
      if (slot !== null && slot > there.slots) throw new FleetError("bad_input", `slot: ${there.name} has ${there.slots} slots.`);
      const taken = await client.query<{ name: string }>("SELECT name FROM agent WHERE rack_id = $1 AND slot = $2 AND id <> $3", [
        rack_id,
        slot,
        rig_id,
      ]);
      if (taken.rows[0] !== undefined) throw new FleetError("taken", `slot: ${taken.rows[0].name} is in it.`);
    }
    await client.query("UPDATE agent SET site_id = $2, rack_id = $3, slot = $4 WHERE id = $1", [rig_id, site_id, rack_id, slot]);
    await writeAudit(client, actor, {
      action: "rig.place",
      subject: `agent:${rig_id}`,
      details: {
        before: { site_id: before.site_id, rack_id: before.rack_id, slot: before.slot },
        after: { rig: before.name, site_id, rack_id, slot },
      },
    });
    return refreshDesired(client, [rig_id]);
  });
}

/** Throws a FleetError: `not_found`. */
export async function changeMembers(
  database: FleetDatabase,
  actor: Actor,
  input: { group_id: number; add: readonly string[]; remove: readonly string[] },
): Promise<string[]> {
  return transaction(database, async (client) => {
    const found = await client.query<{ name: string }>("SELECT name FROM rig_group WHERE id = $1 FOR UPDATE", [input.group_id]);
    const group = found.rows[0];
    if (group === undefined) throw new FleetError("not_found", "There is no such group.");
    const added = await client.query(
      "INSERT INTO rig_group_member (group_id, agent_id) SELECT $1, id FROM agent WHERE id = ANY ($2::uuid[]) ON CONFLICT DO NOTHING",
      [input.group_id, input.add],
    );
    const removed = await client.query("DELETE FROM rig_group_member WHERE group_id = $1 AND agent_id = ANY ($2::uuid[])", [
      input.group_id,
      input.remove,
    ]);
    await writeAudit(client, actor, {
      action: "group.members",
      subject: `group:${input.group_id}`,
      details: { after: { group: group.name, added: added.rowCount, removed: removed.rowCount } },
    });
    return refreshDesired(client, [...new Set([...input.add, ...input.remove])]);
  });
}

/** Let in no more, in no list, out of its slot. A new enrolment token lets it in again. Throws a FleetError: `not_found`, `wrong_state`. */
export async function retireRig(database: FleetDatabase, actor: Actor, rig_id: string): Promise<void> {
  await transaction(database, async (client) => {
    const found = await client.query<{ name: string; retired: boolean }>(
      "SELECT name, retired_at IS NOT NULL AS retired FROM agent WHERE id = $1 FOR NO KEY UPDATE",
      [rig_id],
    );
    const rig = found.rows[0];
    if (rig === undefined) throw new FleetError("not_found", "There is no such rig.");
    if (rig.retired) throw new FleetError("wrong_state", `${rig.name} is retired already.`);
    await client.query("UPDATE agent SET retired_at = now(), rack_id = NULL, slot = NULL WHERE id = $1", [rig_id]);
    await client.query(
      `UPDATE agent_command SET state = 'cancelled', ended_at = now(), message = 'The rig was retired.' WHERE agent_id = $1 AND state = 'queued'`,
      [rig_id],
    );
    await writeAudit(client, actor, {
      action: "rig.retire",
      subject: `agent:${rig_id}`,
      details: { after: { rig: rig.name } },
    });
  });
}
