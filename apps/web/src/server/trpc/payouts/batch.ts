import { readBatch } from "@otedama/db/payouts";
import { PayoutBatchDetailDto, PayoutBatchQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";
import { refusable } from "./refusals.ts";

export const batch = readProcedure
  .input(PayoutBatchQuery)
  .output(PayoutBatchDetailDto)
  .query(({ ctx, input }) => refusable(readBatch(ctx.services.database.sql, input.batch_id)));
