import { listBulks } from "@otedama/db/web";
import { BulksPage, BulksQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

export const list = readProcedure
  .input(BulksQuery)
  .output(BulksPage)
  .query(({ ctx, input }) => listBulks(ctx.services.database.sql, input));
