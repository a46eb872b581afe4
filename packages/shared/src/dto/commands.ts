/** Commands for rigs, one at a time and in bulk. */
import { z } from "zod";
import { CommandBody, CommandState } from "../wire/agents/orders.ts";
import { Count, Hashrate, UnixMs } from "../wire/common.ts";
import { RigSelection } from "./fleet.ts";

export const CommandDto = z.strictObject({
  id: z.uuid(),
  rig_id: z.uuid(),
  rig_name: z.string(),
  number: z.int(),
  bulk_id: z.int().nullable(),
  body: CommandBody,
  state: CommandState,
  /** The person's name; null for a part that acts by itself. */
  issued_by: z.string().nullable(),
  issued_at_ms: UnixMs,
  deadline_ms: UnixMs,
  sent_at_ms: UnixMs.nullable(),
  accepted_at_ms: UnixMs.nullable(),
  running_at_ms: UnixMs.nullable(),
  ended_at_ms: UnixMs.nullable(),
  message: z.string().nullable(),
  evidence: z.record(z.string(), z.json()).nullable(),
});
export type CommandDto = z.infer<typeof CommandDto>;

/** Newest first; `before` continues where a page ended. */
export const CommandsQuery = z.strictObject({
  rig_id: z.uuid().nullable().default(null),
  bulk_id: z.int().min(1).max(2_147_483_647).nullable().default(null),
  state: CommandState.nullable().default(null),
  before: z
    .strictObject({ issued_at_ms: UnixMs.max(8.64e15), id: z.uuid() })
    .nullable()
    .default(null),
  page_size: z.int().min(1).max(200).default(50),
});
export type CommandsQuery = z.infer<typeof CommandsQuery>;
export const CommandsPage = z.strictObject({ rows: z.array(CommandDto), next: CommandsQuery.shape.before.unwrap() });
export type CommandsPage = z.infer<typeof CommandsPage>;

/** What people may ask of a rig. Releases have their own way. */
export const OperatorCommand = CommandBody.refine((body) => body.kind !== "update", "releases are rolled out on their own page");

const Deadline = z.int().min(30).max(86_400).default(600);
export const CommandInput = z.strictObject({ rig_id: z.uuid(), body: OperatorCommand, deadline_s: Deadline });
export const CommandIdInput = z.strictObject({ id: z.uuid() });
export const IssuedDto = z.strictObject({ id: z.uuid() });

export const BULK_STATES = ["running", "paused", "stopped", "cancelled", "done"] as const;
export const BulkState = z.enum(BULK_STATES);
export type BulkState = z.infer<typeof BulkState>;

export const BulkInput = z.strictObject({
  selection: RigSelection,
  body: OperatorCommand,
  /** As the preview said: another number now is refused, since it would not be what was agreed to. */
  expected_rigs: z.int().min(1).max(50_000),
  /** Commands under way at once. */
  batch_rigs: z.int().min(1).max(10_000).default(50),
  /** More failed or expired commands than that stop it. */
  failures_max: z.int().min(0).max(50_000).default(5),
  /** Each command's time, from its own issue on. */
  deadline_s: Deadline,
});
export type BulkInput = z.infer<typeof BulkInput>;
export const BulkIdInput = z.strictObject({ id: z.int().min(1).max(2_147_483_647) });
export const BulkIssuedDto = z.strictObject({ id: z.int() });

export const BulkDto = z.strictObject({
  id: z.int(),
  body: CommandBody,
  state: BulkState,
  batch_rigs: z.int(),
  failures_max: z.int(),
  deadline_s: z.int(),
  rigs: Count,
  hashrate_hps: Hashrate,
  power_watts: z.number().nullable(),
  issued_by: z.string().nullable(),
  issued_at_ms: UnixMs,
  ended_at_ms: UnixMs.nullable(),
  message: z.string().nullable(),
  /** `waiting` have no command yet. */
  counts: z.record(z.enum(["waiting", ...CommandState.options]), Count),
});
export type BulkDto = z.infer<typeof BulkDto>;
export const BulksQuery = z.strictObject({
  before_id: z.int().min(1).max(2_147_483_647).nullable().default(null),
  page_size: z.int().min(1).max(100).default(25),
});
export const BulksPage = z.strictObject({ rows: z.array(BulkDto), next_before_id: z.int().nullable() });
export type BulksPage = z.infer<typeof BulksPage>;
