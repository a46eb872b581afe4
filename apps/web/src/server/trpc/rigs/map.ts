import { mapRigs } from "@otedama/db/web";
import { RigMapDto, RigsFilter } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

export const map = readProcedure
  .input(RigsFilter)
  .output(RigMapDto)
  .query(({ ctx, input }) => mapRigs(ctx.services.database.sql, input));
