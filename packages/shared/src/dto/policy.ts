/** The pool's settings as people read and change them: versions, what differs between two of them, corrections of the ledger, and the risk of PPS. */
import { z } from "zod";
import { PoolPolicy } from "../settings/policy.ts";
import { UnixMs } from "../wire/common.ts";
import { LedgerKind } from "./ledger.ts";

const Sats = z.int();
const Reason = z
  .string()
  .trim()
  .min(1, "must say why")
  .max(500)
  .refine((text) => !text.includes("\0"), "must not contain NUL");

export const PolicyVersionDto = z.strictObject({
  version: z.int(),
  policy: PoolPolicy,
  created_at_ms: UnixMs,
  /** E-mail address of a person, or "config.yaml". */
  created_by: z.string(),
  reason: z.string(),
});
export type PolicyVersionDto = z.infer<typeof PolicyVersionDto>;

export const PolicyHistoryQuery = z.strictObject({ before_version: z.int().min(1).max(2_147_483_647).nullable().default(null) });
export const PolicyHistoryDto = z.array(PolicyVersionDto);

export const ChangePolicyInput = z.strictObject({
  /** Checked by `checkPolicy`, so that every wrong field is named. */
  policy: z.unknown(),
  /** The version that was looked at. */
  expected_version: z.int().min(0),
  reason: Reason,
});

export interface PolicyChange {
  /** Dotted, as in `fee_percent.pplns`. */
  field: string;
  before: unknown;
  after: unknown;
}

/** What differs, field by field, in the order of the fields. */
export function policyChanges(before: PoolPolicy, after: PoolPolicy): PolicyChange[] {
  const old = new Map(fields(before));
  const changes = fields(after).flatMap(([field, value]): PolicyChange[] =>
    JSON.stringify(old.get(field) ?? null) === JSON.stringify(value)
      ? []
      : [{ field, before: old.get(field) ?? null, after: value }],
  );
  const now = new Set(fields(after).map(([field]) => field));
  for (const [field, value] of old) if (!now.has(field) && value !== null) changes.push({ field, before: value, after: null });
  return changes;
}

function fields(value: unknown, path = ""): [string, unknown][] {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, item]) => fields(item, path === "" ? key : `${path}.${key}`));
}

export const CorrectionState = z.enum(["proposed", "written", "refused"]);
export const CorrectionDto = z.strictObject({
  id: z.int(),
  state: CorrectionState,
  person: z.string(),
  reason: z.string(),
  postings: z.array(
    z.strictObject({ kind: LedgerKind, account_id: z.int().nullable(), address: z.string().nullable(), amount_sats: Sats }),
  ),
  amount_sats: Sats,
  created_at_ms: UnixMs,
  decided_by: z.string().nullable(),
  decided_at_ms: UnixMs.nullable(),
  refused_why: z.string().nullable(),
});
export type CorrectionDto = z.infer<typeof CorrectionDto>;

export const CORRECTABLE_KINDS = ["miner_available", "fee_available", "reserve_available", "operator"] as const;
const Side = z.strictObject({
  kind: z.enum(CORRECTABLE_KINDS),
  /** The account's address, for `miner_available`. */
  address: z.string().max(128).nullable().default(null),
});
export const CorrectionInput = z.strictObject({
  from: Side,
  to: Side,
  amount_sats: z.int("must be a whole number of satoshis").min(1).max(2_100_000_000_000_000),
  reason: Reason,
});
export type CorrectionInput = z.infer<typeof CorrectionInput>;
export const CorrectionQuery = z.strictObject({ id: z.int().min(1).max(2_147_483_647) });
export const RefuseCorrectionInput = z.strictObject({ id: z.int().min(1).max(2_147_483_647), reason: Reason });

export const RiskQuery = z.strictObject({
  /** What if; null: the policy's. */
  fee_percent: z.number().min(0).max(100).nullable().default(null),
  /** What if; null: what the pool's last blocks showed. */
  orphan_percent: z.number().min(0).max(100).nullable().default(null),
});
