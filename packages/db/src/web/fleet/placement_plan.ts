/** What a table of placements would change. Pure: the rigs and places as they are, and the lines, to a plan or to its problems. */
import { SLOTS_MAX } from "@otedama/shared";

export interface PlacementLine {
  /** In the file, from 1. */
  line: number;
  rig_id: string;
  rig: string;
  site: string;
  building: string;
  rack: string;
  slot: string;
  /** Null: the file has no such column, and groups stay as they are. */
  groups: string | null;
}

export interface PlacedRig {
  id: string;
  name: string;
  site: string;
  building: string | null;
  rack: string | null;
  slot: number | null;
  groups: readonly string[];
}

export interface PlannedRig {
  line: number;
  id: string;
  site: string;
  building: string | null;
  rack: string | null;
  slot: number | null;
  groups: readonly string[] | null;
}

export interface PlacementProblem {
  line: number;
  field: string;
  message: string;
}

export interface PlacementPlan {
  /** Those that move or whose groups change. */
  changed: PlannedRig[];
  problems: PlacementProblem[];
}

const NAME_LENGTH_MAX = 64;
const slotKey = (rig: { site: string; building: string | null; rack: string | null; slot: number | null }): string | null =>
  rig.rack === null || rig.slot === null ? null : JSON.stringify([rig.site, rig.building, rig.rack, rig.slot]);

/** Lines that name no rig that is here, a place that cannot be, or a slot that two would be in are problems; the plan is then not to be used. */
export function planPlacement(rigs: readonly PlacedRig[], lines: readonly PlacementLine[]): PlacementPlan {
  const by_id = new Map(rigs.map((rig) => [rig.id, rig]));
  const by_name = Map.groupBy(rigs, (rig) => rig.name);
  const problems: PlacementProblem[] = [];
  const planned = new Map<string, PlannedRig>();
  for (const line of lines) {
    const wrong = (field: string, message: string) => void problems.push({ line: line.line, field, message });
    const named = by_name.get(line.rig) ?? [];
    const rig = line.rig_id === "" ? named[0] : by_id.get(line.rig_id.toLowerCase());
    if (rig === undefined) {
      wrong(line.rig_id === "" ? "rig" : "rig_id", "there is no such rig");
      continue;
    }
    if (line.rig_id === "" && named.length > 1) wrong("rig", `${named.length} rigs have this name: say which by rig_id`);
    const before = planned.get(rig.id);
    if (before !== undefined) wrong("rig", `the rig is in line ${before.line} already`);
    for (const field of ["site", "building", "rack"] as const) {
      if (line[field].length > NAME_LENGTH_MAX || line[field].includes("\0"))
        wrong(field, `must be text of at most ${NAME_LENGTH_MAX} characters`);
    }
    if (line.site === "") wrong("site", "must be given");
    if ((line.rack === "") !== (line.building === "")) wrong("rack", "building and rack belong together: give both or none");
    const slot = line.slot === "" ? null : Number(line.slot);
    if (slot !== null && !(Number.isInteger(slot) && slot >= 1 && slot <= SLOTS_MAX))
      wrong("slot", `must be a whole number from 1 to ${SLOTS_MAX}`);
    if (slot !== null && line.rack === "") wrong("slot", "a slot is in a rack: give the rack");
    const groups =
      line.groups === null ? null : [...new Set(line.groups.split(";").map((name) => name.trim()))].filter((name) => name !== "");
    if (groups?.some((name) => name.length > NAME_LENGTH_MAX))
      wrong("groups", `a group's name has at most ${NAME_LENGTH_MAX} characters`);
    const [building, rack] = [line.building || null, line.rack || null];
    planned.set(rig.id, { line: line.line, id: rig.id, site: line.site, building, rack, slot, groups });
  }
  const taken = new Map<string, string>();
  for (const rig of rigs) {
    const target = planned.get(rig.id) ?? rig;
    const key = slotKey(target);
    if (key === null) continue;
    const other = taken.get(key);
    const line = planned.get(rig.id)?.line ?? (other === undefined ? undefined : planned.get(other)?.line);
    if (other !== undefined)
      problems.push({ line: line ?? 0, field: "slot", message: `${by_id.get(other)?.name} and ${rig.name} would both be in it` });
    taken.set(key, rig.id);
  }
  const changed = [...planned.values()].flatMap((plan) => {
    const rig = by_id.get(plan.id);
    const moves = rig?.site !== plan.site || rig.building !== plan.building || rig.rack !== plan.rack || rig.slot !== plan.slot;
    const regroups = plan.groups !== null && [...plan.groups].sort().join(";") !== [...(rig?.groups ?? [])].sort().join(";");
    return moves || regroups ? [{ ...plan, groups: regroups ? plan.groups : null }] : [];
  });
  return { changed, problems: problems.sort((a, b) => a.line - b.line) };
}
