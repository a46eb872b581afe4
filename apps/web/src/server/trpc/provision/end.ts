import { ProvisionRunInput } from "@otedama/shared";
import { fleetProcedure } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";
import { refusable } from "./refusals.ts";

/** Ends a run: its credentials are forgotten as soon as what is under way is at its end. */
export const end = fleetProcedure.input(ProvisionRunInput).mutation(async ({ ctx, input }) => {
  await refusable(() => ctx.services.provisioner.end(actorOf(ctx), input.id));
});
