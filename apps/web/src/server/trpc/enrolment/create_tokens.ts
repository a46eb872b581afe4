import { createEnrolmentTokens } from "@otedama/db/web";
import { EnrolmentTokenInput, NewEnrolmentTokensDto } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

/** Each token lets one agent in, once, within its minutes. They are told this one time. */
export const createTokens = fleetProcedure
  .input(EnrolmentTokenInput)
  .output(NewEnrolmentTokensDto)
  .mutation(async ({ ctx, input }) => {
    const { database, public_url, control_key } = ctx.services;
    const made = await refusable(createEnrolmentTokens(database.sql, actorOf(ctx), input));
    return { ...made, hub_url: public_url, control_key: control_key.public_key };
  });
