import { listBlocks } from "@otedama/db/web";
import { BlocksPage, BlocksQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

/** Newest first. */
export const list = readProcedure
  .input(BlocksQuery)
  .output(BlocksPage)
  .query(({ ctx, input }) => listBlocks(ctx.services.database.sql, input));
