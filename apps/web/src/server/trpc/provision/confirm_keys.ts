import { ConfirmedHostKeysDto, ConfirmHostKeysInput } from "@otedama/shared";
import { fleetProcedure } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";
import { refusable } from "./refusals.ts";

/** The person vouches for the fingerprints that they saw; they are pinned. */
export const confirmKeys = fleetProcedure
  .input(ConfirmHostKeysInput)
  .output(ConfirmedHostKeysDto)
  .mutation(async ({ ctx, input }) => ({
    pinned: await refusable(() => ctx.services.provisioner.confirm(actorOf(ctx), input.id, input.keys)),
  }));
