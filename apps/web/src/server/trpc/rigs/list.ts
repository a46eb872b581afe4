import { listRigs } from "@otedama/db/web";
import { RigsPage, RigsQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

export const list = readProcedure
  .input(RigsQuery)
  .output(RigsPage)
  .query(({ ctx, input }) => listRigs(ctx.services.database.sql, input));
