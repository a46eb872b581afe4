import { RemoveSecondFactorInput } from "@otedama/shared";
import { actorOf, ownProcedure } from "../procedure.ts";
import { proveCode } from "./prove_code.ts";
import { provePassword } from "./prove_password.ts";

/** Asks for the password and a code, so that neither alone is enough. */
export const removeSecondFactor = ownProcedure.input(RemoveSecondFactorInput).mutation(async ({ ctx, input }) => {
  await provePassword(ctx.services, ctx.me.id, input.password);
  await proveCode(ctx.services, actorOf(ctx), input.code);
  await ctx.services.second_factors.remove(actorOf(ctx));
});
