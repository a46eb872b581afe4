import { listLedger } from "@otedama/db/web";
import { LedgerPage, LedgerQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

export const list = readProcedure
  .input(LedgerQuery)
  .output(LedgerPage)
  .query(({ ctx, input }) => listLedger(ctx.services.database.sql, input));
