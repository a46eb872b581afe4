import { ProvisionLogLine, ProvisionLogQuery } from "@otedama/shared";
import { z } from "zod";
import { fleetProcedure } from "../fleet_procedure.ts";

/** What one rig said, as far as it is kept: in memory, the last lines. */
export const log = fleetProcedure
  .input(ProvisionLogQuery)
  .output(z.array(ProvisionLogLine))
  .query(({ ctx, input }) => ctx.services.provisioner.logOf(input.id, input.rig));
