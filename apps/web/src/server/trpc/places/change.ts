import { changePlace } from "@otedama/db/web";
import { PlaceChangeInput } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

export const change = fleetProcedure.input(PlaceChangeInput).mutation(async ({ ctx, input }) => {
  const { database, fleet } = ctx.services;
  fleet.written(await refusable(changePlace(database.sql, actorOf(ctx), input)));
});
