import { StartProvisionInput } from "@otedama/shared";
import { fleetProcedure } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";
import { refusable } from "./refusals.ts";

/** Does on these rigs what their plans say. */
export const begin = fleetProcedure.input(StartProvisionInput).mutation(async ({ ctx, input }) => {
  await refusable(() => ctx.services.provisioner.begin(actorOf(ctx), input.id, input.rigs));
});
