import { setSecondFactorFor } from "@otedama/db/web";
import { AccessRuleInput } from "@otedama/shared";
import { TRPCError } from "@trpc/server";
import { actorOf, procedureFor } from "../procedure.ts";

/** Whose sign-in needs a second factor. An owner without one cannot ask it of himself: he would be shut out of this very switch. */
export const setAccessRule = procedureFor("owner")
  .input(AccessRuleInput)
  .mutation(async ({ ctx, input }) => {
    if (input.second_factor_for !== "nobody" && !ctx.me.second_factor) {
      throw new TRPCError({
        code: "CONFLICT",
        message: "Set up your own second factor first, under Settings, Security: the rule would hold for you too.",
      });
    }
    await setSecondFactorFor(ctx.services.database.prisma, actorOf(ctx), input.second_factor_for);
  });
