import { BackupCodesDto, RemoveSecondFactorInput } from "@otedama/shared";
import { actorOf, ownProcedure } from "../procedure.ts";
import { proveCode } from "./prove_code.ts";
import { provePassword } from "./prove_password.ts";

/** Ten new ones; those of before are worth nothing from then on. */
export const newBackupCodes = ownProcedure
  .input(RemoveSecondFactorInput)
  .output(BackupCodesDto)
  .mutation(async ({ ctx, input }) => {
    await provePassword(ctx.services, ctx.me.id, input.password);
    await proveCode(ctx.services, actorOf(ctx), input.code);
    return { codes: await ctx.services.second_factors.newBackupCodes(actorOf(ctx)) };
  });
