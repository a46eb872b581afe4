import { getSheet } from "@otedama/db/web";
import { SheetDetailDto, SheetQuery } from "@otedama/shared";
import { found } from "../found.ts";
import { readProcedure } from "../procedure.ts";

export const get = readProcedure
  .input(SheetQuery)
  .output(SheetDetailDto)
  .query(async ({ ctx, input }) => found(await getSheet(ctx.services.database.sql, input.id), "sheet"));
