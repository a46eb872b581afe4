import { retireRig } from "@otedama/db/web";
import { RigInput } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

/** Its agent is sent away and let in no more, until it enrols with a new token. */
export const retire = fleetProcedure.input(RigInput).mutation(async ({ ctx, input }) => {
  const { database, fleet } = ctx.services;
  await refusable(retireRig(database.sql, actorOf(ctx), input.id));
  fleet.retired(input.id);
});
