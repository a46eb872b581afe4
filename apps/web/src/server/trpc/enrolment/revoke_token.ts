import { revokeEnrolmentToken } from "@otedama/db/web";
import { EnrolmentTokenRevokeInput } from "@otedama/shared";
import { TRPCError } from "@trpc/server";
import { fleetProcedure } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

export const revokeToken = fleetProcedure.input(EnrolmentTokenRevokeInput).mutation(async ({ ctx, input }) => {
  if (await revokeEnrolmentToken(ctx.services.database.sql, actorOf(ctx), input.id)) return;
  throw new TRPCError({ code: "NOT_FOUND", message: "There is no such token that could still be used." });
});
