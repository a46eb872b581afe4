import { listCredits } from "@otedama/db/web";
import { CreditsPage, CreditsQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";

/** Who a block's reward went to, a page at a time; nothing for a block that was not credited. */
export const credits = readProcedure
  .input(CreditsQuery)
  .output(CreditsPage)
  .query(({ ctx, input }) => listCredits(ctx.services.database.sql, input.hash, input.page));
