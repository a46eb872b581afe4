import { createPlace } from "@otedama/db/web";
import { PlaceIdDto, PlaceInput } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

export const create = fleetProcedure
  .input(PlaceInput)
  .output(PlaceIdDto)
  .mutation(async ({ ctx, input }) => {
    const { database, fleet } = ctx.services;
    const made = await refusable(createPlace(database.sql, actorOf(ctx), input));
    fleet.written();
    return made;
  });
