import { changeMembers as change } from "@otedama/db/web";
import { GroupMembersInput } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

/** Of a group. */
export const changeMembers = fleetProcedure.input(GroupMembersInput).mutation(async ({ ctx, input }) => {
  const { database, fleet } = ctx.services;
  fleet.written(await refusable(change(database.sql, actorOf(ctx), input)));
});
