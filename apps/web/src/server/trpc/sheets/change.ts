import { changeSheet } from "@otedama/db/web";
import { SheetChangeInput, SheetVersionAnswer } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

/** A new version. Rigs that follow the newest are told in the same transaction. */
export const change = fleetProcedure
  .input(SheetChangeInput)
  .output(SheetVersionAnswer)
  .mutation(async ({ ctx, input }) => {
    const { database, fleet } = ctx.services;
    const { id, version, agent_ids } = await refusable(changeSheet(database.sql, actorOf(ctx), input));
    fleet.written(agent_ids);
    return { id, version };
  });
