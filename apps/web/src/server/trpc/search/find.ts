import { searchEverything } from "@otedama/db/web";
import { SearchDto, SearchQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

/** For the command palette. */
export const find = readProcedure
  .input(SearchQuery)
  .output(SearchDto)
  .query(({ ctx, input }) => searchEverything(ctx.services.database.sql, input.q.trim()));
