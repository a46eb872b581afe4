import { createPolicyVersion, PolicyConflictError, readPolicyVersion } from "@otedama/db/pool";
import { writeAudit } from "@otedama/db/web";
import { ChangePolicyInput, PolicyError, PolicyVersionDto, policyChanges } from "@otedama/shared";
import { TRPCError } from "@trpc/server";
import { procedureFor } from "../procedure.ts";

/** A new version of the pool's settings; the pool reads it back and says when it goes by it. */
export const change = procedureFor("owner", "operator")
  .input(ChangePolicyInput)
  .output(PolicyVersionDto)
  .mutation(async ({ ctx, input }) => {
    const { sql } = ctx.services.database;
    const made = await createPolicyVersion(sql, ctx.services.network, { ...input, person: ctx.me.email }).catch(refuse);
    const before = await readPolicyVersion(sql, input.expected_version);
    await writeAudit(sql, {
      actor: ctx.me.id,
      action: "policy.change",
      subject: `policy:${made.version}`,
      details: { reason: input.reason, changes: before === null ? [] : policyChanges(before.policy, made.policy) },
    });
    return made;
  });

function refuse(error: unknown): never {
  if (error instanceof PolicyConflictError) throw new TRPCError({ code: "CONFLICT", message: error.message });
  if (error instanceof PolicyError) throw new TRPCError({ code: "BAD_REQUEST", message: error.message });
  throw error;
}
