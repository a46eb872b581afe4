import { listPolicies } from "@otedama/db/pool";
import { PolicyHistoryDto, PolicyHistoryQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

/** Newest first; one more than is shown, so that the last one can be compared with what it changed. */
export const history = readProcedure
  .input(PolicyHistoryQuery)
  .output(PolicyHistoryDto)
  .query(({ ctx, input }) => listPolicies(ctx.services.database.sql, 51, input.before_version ?? undefined));
