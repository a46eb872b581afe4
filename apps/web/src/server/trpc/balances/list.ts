import { listBalances } from "@otedama/db/web";
import { BalancesDto, BalancesQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

export const list = readProcedure
  .input(BalancesQuery)
  .output(BalancesDto)
  .query(({ ctx, input }) => listBalances(ctx.services.database.sql, input));
