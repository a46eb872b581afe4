import { BackupCodesDto, CodeInput } from "@otedama/shared";
import { TRPCError } from "@trpc/server";
import { actorOf, ownProcedure } from "../procedure.ts";
import { refuseField } from "./prove_password.ts";

/** Turns the second factor on, signs other devices out, and tells the backup codes this one time. */
export const confirmSecondFactor = ownProcedure
  .input(CodeInput)
  .output(BackupCodesDto)
  .mutation(async ({ ctx, input }) => {
    const done = await ctx.services.second_factors.confirm(actorOf(ctx), input.code, ctx.session_id);
    if ("codes" in done) return done;
    if (done.refused === "wrong") refuseField("code", "is not the one that the device should show now; check the device's clock");
    throw new TRPCError({ code: "CONFLICT", message: "Nothing waits to be confirmed. Begin again." });
  });
