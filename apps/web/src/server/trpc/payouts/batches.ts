import { listBatches } from "@otedama/db/payouts";
import { PayoutBatchesPage, PayoutBatchesQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";
import { refusable } from "./refusals.ts";

export const batches = readProcedure
  .input(PayoutBatchesQuery)
  .output(PayoutBatchesPage)
  .query(({ ctx, input }) =>
    refusable(listBatches(ctx.services.database.sql, { ...input, states: input.state === null ? [] : [input.state] })),
  );
