import { dryRunPayouts } from "@otedama/db/payouts";
import { PayoutPlanDto, PayoutPlanQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";
import { refusable } from "./refusals.ts";

export const plan = readProcedure
  .input(PayoutPlanQuery)
  .output(PayoutPlanDto)
  .query(({ ctx, input }) => refusable(dryRunPayouts(ctx.services.database.sql, { ...input, network: ctx.services.network })));
