import { readPayoutSummary } from "@otedama/db/payouts";
import { PayoutSummaryDto } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";
import { refusable } from "./refusals.ts";

export const summary = readProcedure
  .output(PayoutSummaryDto)
  .query(({ ctx }) => refusable(readPayoutSummary(ctx.services.database.sql, { network: ctx.services.network })));
