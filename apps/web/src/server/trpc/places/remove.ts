import { removePlace } from "@otedama/db/web";
import { PlaceRemoveInput } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

/** Empty ones only; a group lets go of its rigs. */
export const remove = fleetProcedure.input(PlaceRemoveInput).mutation(async ({ ctx, input }) => {
  const { database, fleet } = ctx.services;
  fleet.written(await refusable(removePlace(database.sql, actorOf(ctx), input)));
});
