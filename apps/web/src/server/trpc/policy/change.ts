import { createPolicyVersion, PolicyConflictError, readPolicyVersion } from "@otedama/db/pool";
import { ChangePolicyInput, PolicyError, PolicyVersionDto, policyChanges } from "@otedama/shared";
import { TRPCError } from "@trpc/server";
import { audited } from "../audited.ts";
import { procedureFor } from "../procedure.ts";

/** A new version of the pool's settings; the pool reads it back and says when it goes by it. */
export const change = procedureFor("owner", "operator")
  .input(ChangePolicyInput)
  .output(PolicyVersionDto)
  .mutation(({ ctx, input }) =>
    audited(
      ctx,
      (tx) => createPolicyVersion(tx, ctx.services.network, { ...input, person: ctx.me.email }),
      async (made, tx) => {
        const before = await readPolicyVersion(tx, input.expected_version);
        return {
          action: "policy.change",
          subject: `policy:${made.version}`,
          details: { reason: input.reason, changes: before === null ? [] : policyChanges(before.policy, made.policy) },
        };
      },
    ).catch(refuse),
  );

function refuse(error: unknown): never {
  if (error instanceof PolicyConflictError) throw new TRPCError({ code: "CONFLICT", message: error.message });
  if (error instanceof PolicyError) throw new TRPCError({ code: "BAD_REQUEST", message: error.message });
  throw error;
}
