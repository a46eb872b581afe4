import { listEnrolmentTokens } from "@otedama/db/web";
import { EnrolmentTokensPage, EnrolmentTokensQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

/** Never the tokens themselves: those are not kept. */
export const tokens = readProcedure
  .input(EnrolmentTokensQuery)
  .output(EnrolmentTokensPage)
  .query(({ ctx, input }) => listEnrolmentTokens(ctx.services.database.sql, input));
