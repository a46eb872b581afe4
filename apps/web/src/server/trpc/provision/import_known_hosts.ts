import { ImportedKnownHostsDto, ImportKnownHostsInput } from "@otedama/shared";
import { fleetProcedure } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";
import { refusable } from "./refusals.ts";

export const importKnownHosts = fleetProcedure
  .input(ImportKnownHostsInput)
  .output(ImportedKnownHostsDto)
  .mutation(({ ctx, input }) => refusable(() => ctx.services.provisioner.importKnownHosts(actorOf(ctx), input.id, input.text)));
