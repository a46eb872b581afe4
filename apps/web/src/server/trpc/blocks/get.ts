import { getBlock } from "@otedama/db/web";
import { BlockDetailDto, BlockQuery } from "@otedama/shared";
import { found } from "../found.ts";
import { readProcedure } from "../procedure.ts";

export const get = readProcedure
  .input(BlockQuery)
  .output(BlockDetailDto)
  .query(async ({ ctx, input }) => found(await getBlock(ctx.services.database.sql, input.hash), "block"));
