/** Flight sheets: what rigs should mine, by version, and whom they are assigned to. */
import { z } from "zod";
import { FlightSheet } from "../wire/agents/desired.ts";
import { Count, UnixMs } from "../wire/common.ts";
import { FleetName } from "./fleet.ts";

const Id = z.int().min(1).max(2_147_483_647);
export const WORKER_PLACEHOLDERS = ["RIG", "ID", "RACK", "SLOT"] as const;

/** Names the first placeholder of a worker template that nobody would fill in; null when all is well. */
export function templateProblem(template: string): string | null {
  for (const [, name = ""] of template.matchAll(/%([^%]*)%?/g)) {
    if (!WORKER_PLACEHOLDERS.some((known) => known === name)) {
      return `%${name}% is not known: use ${WORKER_PLACEHOLDERS.map((known) => `%${known}%`).join(", ")}`;
    }
  }
  return null;
}

/** A sheet as a person may save it: what the schema of the wire cannot say is said here. */
export const SheetContent = FlightSheet.superRefine((sheet, check) => {
  const unknown = templateProblem(sheet.worker);
  if (unknown !== null) check.addIssue({ code: "custom", path: ["worker"], message: unknown });
  if (sheet.temperature.throttle_c >= sheet.temperature.stop_c) {
    check.addIssue({ code: "custom", path: ["temperature", "throttle_c"], message: "must be below stop_c" });
  }
  if (/[\s\0]/.test(sheet.wallet)) check.addIssue({ code: "custom", path: ["wallet"], message: "must not contain spaces" });
});

const Reason = z.string().trim().min(1, "say why, for those who look later").max(500);

export const TARGETS = ["rig", "group", "rack", "building", "site"] as const;
export const Target = z.enum(TARGETS);
export type Target = z.infer<typeof Target>;
/** `id` is a rig's UUID or the number of a place, in decimal. */
export const TargetRef = z
  .strictObject({ target: Target, id: z.string().max(36) })
  .refine(
    ({ target, id }) => (target === "rig" ? z.uuid().safeParse(id).success : /^[1-9]\d{0,8}$/.test(id)),
    "is no id of its kind",
  );
export type TargetRef = z.infer<typeof TargetRef>;

export const AssignmentDto = z.strictObject({
  target: Target,
  target_id: z.string(),
  target_name: z.string(),
  sheet_id: Id,
  sheet_name: z.string(),
  /** Null follows the newest. */
  version: z.int().nullable(),
  assigned_by: z.string().nullable(),
  assigned_at_ms: UnixMs,
});
export type AssignmentDto = z.infer<typeof AssignmentDto>;

/** `unheard`: told what to do, and has not said anything about it yet. */
export const SheetRigs = z.strictObject({
  total: Count,
  proved: Count,
  converging: Count,
  drifting: Count,
  failing: Count,
});
export const SheetDto = z.strictObject({
  id: Id,
  name: z.string(),
  version: z.int(),
  archived_at_ms: UnixMs.nullable(),
  content: FlightSheet,
  author: z.string().nullable(),
  reason: z.string(),
  changed_at_ms: UnixMs,
  assignments: Count,
  /** Of the rigs that it is the nearest sheet of. */
  rigs: SheetRigs,
});
export type SheetDto = z.infer<typeof SheetDto>;
export const SheetsQuery = z.strictObject({ archived: z.boolean().default(false) });
export const SheetsDto = z.strictObject({ rows: z.array(SheetDto) });
export type SheetsDto = z.infer<typeof SheetsDto>;

export const SheetVersionDto = z.strictObject({
  version: z.int(),
  author: z.string().nullable(),
  reason: z.string(),
  created_at_ms: UnixMs,
  content: FlightSheet,
});
export type SheetVersionDto = z.infer<typeof SheetVersionDto>;
export const SheetDetailDto = SheetDto.extend({
  /** Newest first, the last hundred. */
  versions: z.array(SheetVersionDto),
  assigned: z.array(AssignmentDto),
});
export type SheetDetailDto = z.infer<typeof SheetDetailDto>;
export const SheetQuery = z.strictObject({ id: Id });

export const SheetCreateInput = z.strictObject({ name: FleetName, content: SheetContent, reason: Reason });
export type SheetCreateInput = z.infer<typeof SheetCreateInput>;
export const SheetChangeInput = z.strictObject({
  id: Id,
  /** That was looked at: another one by now is refused. */
  version: z.int().min(1),
  content: SheetContent,
  reason: Reason,
});
export type SheetChangeInput = z.infer<typeof SheetChangeInput>;
export const SheetUndoInput = z.strictObject({ id: Id, version: z.int().min(1), to_version: z.int().min(1), reason: Reason });
export type SheetUndoInput = z.infer<typeof SheetUndoInput>;
export const SheetArchiveInput = z.strictObject({ id: Id, archived: z.boolean() });
export const SheetVersionAnswer = z.strictObject({ id: Id, version: z.int() });

export const SheetDiffQuery = z.strictObject({ id: Id, from_version: z.int().min(1), to_version: z.int().min(1) });
export const FieldChange = z.strictObject({
  /** Dotted: `pools.0.url`. */
  field: z.string(),
  /** Null where it was or is not there. */
  before: z.json(),
  after: z.json(),
});
export type FieldChange = z.infer<typeof FieldChange>;
export const SheetDiffDto = z.strictObject({ changes: z.array(FieldChange) });

export const ASSIGN_TARGETS_MAX = 500;
const AssignTargets = z.array(TargetRef).min(1).max(ASSIGN_TARGETS_MAX);
export const AssignPreviewQuery = z.strictObject({
  targets: AssignTargets,
  sheet_id: Id.nullable(),
  version: z.int().min(1).nullable(),
});
export type AssignPreviewQuery = z.infer<typeof AssignPreviewQuery>;
export const AssignInput = AssignPreviewQuery.extend({
  /** As the preview said: another number now is refused. */
  expected_rigs: Count,
  reason: Reason,
});
export type AssignInput = z.infer<typeof AssignInput>;
export const AssignedDto = z.strictObject({ rigs: Count });

/** Every difference of two values, by field, in the order of the fields' names. */
export function fieldChanges(before: unknown, after: unknown, field = ""): FieldChange[] {
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) => fieldChanges(before[name], after[name], field === "" ? name : `${field}.${name}`));
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  return [{ field, before: (before ?? null) as FieldChange["before"], after: (after ?? null) as FieldChange["after"] }];
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
