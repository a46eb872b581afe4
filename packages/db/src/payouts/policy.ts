import { PoolPolicy } from "@otedama/shared";
import type { Queryable } from "../pool/connect.ts";
import { PayoutError } from "./errors.ts";

export interface PolicyVersion {
  version: number;
  policy: PoolPolicy;
}

/** The policy that holds now. Throws a PayoutError `no_policy` before the pool has laid one down. */
export async function readPayoutPolicy(db: Queryable): Promise<PolicyVersion> {
  const { rows } = await db.query<{ version: number; policy: unknown }>(
    "SELECT version, policy FROM pool_policy ORDER BY version DESC LIMIT 1",
  );
  const row = rows[0];
  if (!row) throw new PayoutError("no_policy", "The pool has no policy yet: start the pool once, it lays down the first.");
  return { version: row.version, policy: PoolPolicy.parse(row.policy) };
}
