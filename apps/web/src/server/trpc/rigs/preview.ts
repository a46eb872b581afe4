import { blastRadius, selectionConditions } from "@otedama/db/web";
import { BlastRadiusDto, RigSelectionQuery } from "@otedama/shared";
import { fleetProcedure } from "../fleet_procedure.ts";

/** What a command for these rigs would touch. It changes nothing; it is sent as a change because a choice can be longer than an address. */
export const preview = fleetProcedure
  .input(RigSelectionQuery)
  .output(BlastRadiusDto)
  .mutation(({ ctx, input }) => blastRadius(ctx.services.database.sql, selectionConditions(input.selection)));
