import { ProvisionRunInput } from "@otedama/shared";
import { fleetProcedure } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";
import { refusable } from "./refusals.ts";

/** Looks at every rig whose key is confirmed and plans what would be done there. Nothing is changed on any of them. */
export const check = fleetProcedure.input(ProvisionRunInput).mutation(async ({ ctx, input }) => {
  await refusable(() => ctx.services.provisioner.check(actorOf(ctx), input.id));
});
