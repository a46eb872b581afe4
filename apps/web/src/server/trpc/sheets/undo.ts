import { undoSheet } from "@otedama/db/web";
import { SheetUndoInput, SheetVersionAnswer } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

/** A new version with an old one's content. */
export const undo = fleetProcedure
  .input(SheetUndoInput)
  .output(SheetVersionAnswer)
  .mutation(async ({ ctx, input }) => {
    const { database, fleet } = ctx.services;
    const { id, version, agent_ids } = await refusable(undoSheet(database.sql, actorOf(ctx), input));
    fleet.written(agent_ids);
    return { id, version };
  });
