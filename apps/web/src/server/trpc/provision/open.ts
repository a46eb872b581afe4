import { OpenProvisionInput, ProvisionRunInput } from "@otedama/shared";
import { fleetProcedure } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";
import { refusable } from "./refusals.ts";

/** Begins a run: its rigs are asked for their host keys. The credentials stay in this process's memory and never come back. */
export const open = fleetProcedure
  .input(OpenProvisionInput)
  .output(ProvisionRunInput)
  .mutation(async ({ ctx, input }) => ({
    id: await refusable(() => ctx.services.provisioner.open(actorOf(ctx), ctx.me.name, input)),
  }));
