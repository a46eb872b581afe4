import { listSheets } from "@otedama/db/web";
import { SheetsDto, SheetsQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

export const list = readProcedure
  .input(SheetsQuery)
  .output(SheetsDto)
  .query(async ({ ctx, input }) => ({ rows: await listSheets(ctx.services.database.sql, input) }));
