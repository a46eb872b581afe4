import { ProvisionOverviewDto } from "@otedama/shared";
import { fleetProcedure } from "../fleet_procedure.ts";

/** What there is to begin with: the release, sites, pinned host keys, the runs before. */
export const overview = fleetProcedure.output(ProvisionOverviewDto).query(({ ctx }) => ctx.services.provisioner.overview());
