import { API_KEYS_PER_PERSON_MAX, createApiKey as create } from "@otedama/db/web";
import { ApiKeyInput, NewApiKeyDto } from "@otedama/shared";
import { TRPCError } from "@trpc/server";
import { actorOf, ownProcedure, SECOND_FACTOR_DUE } from "../procedure.ts";
import { provePassword } from "./prove_password.ts";

/** The key is told this one time. It may do what its scopes and its person's role both allow. */
export const createApiKey = ownProcedure
  .input(ApiKeyInput)
  .output(NewApiKeyDto)
  .mutation(async ({ ctx, input }) => {
    const { services, me } = ctx;
    if (me.second_factor_due) throw new TRPCError({ code: "FORBIDDEN", message: SECOND_FACTOR_DUE });
    await provePassword(services, me.id, input.password);
    const { name, scopes, days } = input;
    const made = await create(services.database.prisma, actorOf(ctx), { user_id: me.id, name, scopes, days });
    if (made === null) {
      throw new TRPCError({
        code: "CONFLICT",
        message: `You have ${API_KEYS_PER_PERSON_MAX} keys, which is as many as one may have. Revoke one first.`,
      });
    }
    return made;
  });
