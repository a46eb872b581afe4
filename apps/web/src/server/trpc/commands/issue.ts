import { issueCommand } from "@otedama/db/web";
import { CommandInput, IssuedDto } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

/** Written and numbered now; sent when the rig is connected, until its deadline. What became of it is in `commands.list`. */
export const issue = fleetProcedure
  .input(CommandInput)
  .output(IssuedDto)
  .mutation(async ({ ctx, input }) => {
    const { database, fleet } = ctx.services;
    const issued = await refusable(issueCommand(database.sql, actorOf(ctx), input));
    fleet.written([input.rig_id]);
    return issued;
  });
