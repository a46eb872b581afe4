import { assignSheet } from "@otedama/db/web";
import { AssignedDto, AssignInput } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

/** To rigs, groups, racks, buildings or sites; the nearest one counts. No sheet takes it away again. */
export const assign = fleetProcedure
  .input(AssignInput)
  .output(AssignedDto)
  .mutation(async ({ ctx, input }) => {
    const { database, fleet } = ctx.services;
    const changed = await refusable(assignSheet(database.sql, actorOf(ctx), input));
    fleet.written(changed);
    return { rigs: changed.length };
  });
