import { cancelCommand } from "@otedama/db/web";
import { CommandIdInput } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

/** Only what was not sent yet: the rest may have happened. */
export const cancel = fleetProcedure.input(CommandIdInput).mutation(async ({ ctx, input }) => {
  const { database, fleet } = ctx.services;
  await refusable(cancelCommand(database.sql, actorOf(ctx), input.id));
  fleet.written();
});
