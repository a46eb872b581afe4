import { createSheet } from "@otedama/db/web";
import { SheetCreateInput, SheetVersionAnswer } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

export const create = fleetProcedure
  .input(SheetCreateInput)
  .output(SheetVersionAnswer)
  .mutation(async ({ ctx, input }) => {
    const { database, fleet } = ctx.services;
    const made = await refusable(createSheet(database.sql, actorOf(ctx), input));
    fleet.written();
    return made;
  });
