/** Which sheet counts for a rig, and what it makes of the sheet's templates. Pure. */
import type { FlightSheet, Target } from "@otedama/shared";

export interface RigPlace {
  id: string;
  name: string;
  site_id: number;
  building_id: number | null;
  rack_id: number | null;
  rack: string | null;
  slot: number | null;
  group_ids: readonly number[];
}

export interface Assignment {
  target: Target;
  target_id: string;
}

/** The nearest one: rig, then group (the lowest id), rack, building, site. Null for none. */
export function nearestAssignment<A extends Assignment>(rig: RigPlace, assignments: ReadonlyMap<string, A>): A | null {
  const places: [Target, string | number | null][] = [
    ["rig", rig.id],
    ...[...rig.group_ids].sort((a, b) => a - b).map((id): [Target, number] => ["group", id]),
    ["rack", rig.rack_id],
    ["building", rig.building_id],
    ["site", rig.site_id],
  ];
  for (const [target, id] of places) {
    const found = id === null ? undefined : assignments.get(assignmentKey(target, String(id)));
    if (found !== undefined) return found;
  }
  return null;
}

export const assignmentKey = (target: Target, target_id: string): string => `${target}:${target_id}`;

const USER_LENGTH_MAX = 256;

/**
 * The login at the pool: the wallet, and after a dot the template with the rig's name, the first eight digits of its id, its rack and its
 * slot in it. What a pool might read as something else (spaces, dots, control characters, other scripts) becomes an underscore.
 */
export function workerUser(sheet: Pick<FlightSheet, "wallet" | "worker">, rig: RigPlace): string {
  if (sheet.worker === "") return sheet.wallet;
  const values: Readonly<Record<string, string>> = {
    RIG: rig.name,
    ID: rig.id.slice(0, 8),
    RACK: rig.rack ?? "",
    SLOT: rig.slot === null ? "" : String(rig.slot),
  };
  const worker = sheet.worker.replaceAll(/%([A-Z]+)%/g, (whole, name: string) => values[name] ?? whole);
  return `${sheet.wallet}.${worker.replaceAll(/[^A-Za-z0-9_-]/g, "_")}`.slice(0, USER_LENGTH_MAX);
}
