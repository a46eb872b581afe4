import { PasswordProof, SecondFactorOfferDto } from "@otedama/shared";
import { TRPCError } from "@trpc/server";
import { ownProcedure } from "../procedure.ts";
import { provePassword } from "./prove_password.ts";

/** A secret for the person's device. It counts once `me.confirmSecondFactor` has seen a code of it. */
export const offerSecondFactor = ownProcedure
  .input(PasswordProof)
  .output(SecondFactorOfferDto)
  .mutation(async ({ ctx: { services, me }, input }) => {
    await provePassword(services, me.id, input.password);
    const offer = await services.second_factors.offer(me);
    if (offer === null) {
      throw new TRPCError({
        code: "CONFLICT",
        message: "You have a second factor already. Turn it off first to change the device.",
      });
    }
    return offer;
  });
