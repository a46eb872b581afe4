/** What was done by whom. */
import { z } from "zod";
import { UnixMs } from "../wire/common.ts";
import { SearchText } from "./index.ts";

export const AuditLineDto = z.strictObject({
  id: z.int(),
  at_ms: UnixMs,
  /** A person's id, or the name of a part that acts by itself. */
  actor: z.string(),
  /** The person's name and e-mail address; null for what is no person. */
  actor_name: z.string().nullable(),
  actor_email: z.string().nullable(),
  /** `noun.verb` */
  action: z.string(),
  /** `kind:id` */
  subject: z.string(),
  /** `before` and `after` where something was changed, and what else belongs to it. */
  details: z.record(z.string(), z.json()),
});
export type AuditLineDto = z.infer<typeof AuditLineDto>;

/** Newest first; `before_id` continues where a page ended. */
export const AuditQuery = z.strictObject({
  actor: z.string().max(254).nullable().default(null),
  /** `noun.verb`, or a noun for all that was done to it. */
  action: z
    .string()
    .max(64)
    .regex(/^[a-z_]+(\.[a-z_]+)?$/, "must be an action such as person.role, or its first word")
    .nullable()
    .default(null),
  /** Part of the subject. */
  q: SearchText.default(""),
  from_ms: UnixMs.max(8.64e15).nullable().default(null),
  to_ms: UnixMs.max(8.64e15).nullable().default(null),
  before_id: z.int().min(1).nullable().default(null),
  page_size: z.int().min(1).max(200).default(100),
});
export type AuditQuery = z.infer<typeof AuditQuery>;
export const AuditPage = z.strictObject({
  rows: z.array(AuditLineDto),
  /** Goes into `before_id` for what is older; null at the end. */
  next_before_id: z.int().nullable(),
});
export type AuditPage = z.infer<typeof AuditPage>;
/** What the filters offer. */
export const AuditChoices = z.strictObject({
  actors: z.array(z.strictObject({ id: z.string(), name: z.string() })),
  actions: z.array(z.string()),
});
export type AuditChoices = z.infer<typeof AuditChoices>;
