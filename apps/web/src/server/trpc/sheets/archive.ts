import { archiveSheet } from "@otedama/db/web";
import { SheetArchiveInput } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

export const archive = fleetProcedure.input(SheetArchiveInput).mutation(async ({ ctx, input }) => {
  const { database, fleet } = ctx.services;
  await refusable(archiveSheet(database.sql, actorOf(ctx), input));
  fleet.written();
});
