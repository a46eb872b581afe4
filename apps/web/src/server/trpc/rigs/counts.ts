import { countRigs } from "@otedama/db/web";
import { RigCountsDto, RigsFilter } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

export const counts = readProcedure
  .input(RigsFilter)
  .output(RigCountsDto)
  .query(({ ctx, input }) => countRigs(ctx.services.database.sql, input));
