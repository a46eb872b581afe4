import { ProvisionRunDto, ProvisionRunInput } from "@otedama/shared";
import { fleetProcedure } from "../fleet_procedure.ts";
import { found } from "../found.ts";

export const get = fleetProcedure
  .input(ProvisionRunInput)
  .output(ProvisionRunDto)
  .query(async ({ ctx, input }) => found(await ctx.services.provisioner.get(input.id), "run"));
