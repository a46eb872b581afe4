import { previewAssignment as preview } from "@otedama/db/web";
import { AssignPreviewQuery, BlastRadiusDto } from "@otedama/shared";
import { fleetProcedure, refusable } from "../fleet_procedure.ts";
import { actorOf } from "../procedure.ts";

/** Which rigs would be told something else. It leaves everything as it is; it is sent as a change because targets can be longer than an address. */
export const previewAssignment = fleetProcedure
  .input(AssignPreviewQuery)
  .output(BlastRadiusDto)
  .mutation(({ ctx, input }) => refusable(preview(ctx.services.database.sql, actorOf(ctx), input)));
