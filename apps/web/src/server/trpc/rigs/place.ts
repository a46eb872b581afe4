import { placeRig } from "@otedama/db/web";
import { RigPlaceInput } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

export const place = fleetProcedure.input(RigPlaceInput).mutation(async ({ ctx, input }) => {
  const { database, fleet } = ctx.services;
  fleet.written(await refusable(placeRig(database.sql, actorOf(ctx), input)));
});
