import { getBulk } from "@otedama/db/web";
import { BulkDto, BulkIdInput } from "@otedama/shared";
import { found } from "../found.ts";
import { readProcedure } from "../procedure.ts";

export const get = readProcedure
  .input(BulkIdInput)
  .output(BulkDto)
  .query(async ({ ctx, input }) => found(await getBulk(ctx.services.database.sql, input.id), "bulk action"));
