import { createBulk } from "@otedama/db/web";
import { BulkInput, BulkIssuedDto } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

/** One command for many rigs, in bounded batches. `rigs.preview` says first what it would touch. */
export const issue = fleetProcedure
  .input(BulkInput)
  .output(BulkIssuedDto)
  .mutation(async ({ ctx, input }) => {
    const { database, fleet } = ctx.services;
    const issued = await refusable(createBulk(database.sql, actorOf(ctx), input));
    fleet.written();
    return issued;
  });
