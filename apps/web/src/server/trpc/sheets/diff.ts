import { diffSheet } from "@otedama/db/web";
import { SheetDiffDto, SheetDiffQuery } from "@otedama/shared";
import { found } from "../found.ts";
import { readProcedure } from "../procedure.ts";

/** Two versions of a sheet, field by field. */
export const diff = readProcedure
  .input(SheetDiffQuery)
  .output(SheetDiffDto)
  .query(async ({ ctx, input }) => ({ changes: found(await diffSheet(ctx.services.database.sql, input), "version") }));
