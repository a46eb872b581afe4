import { listRollouts } from "@otedama/db/web";
import { RolloutsPage, RolloutsQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

export const list = readProcedure
  .input(RolloutsQuery)
  .output(RolloutsPage)
  .query(({ ctx, input }) => listRollouts(ctx.services.database.sql, input));
