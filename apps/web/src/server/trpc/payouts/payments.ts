import { listPayments } from "@otedama/db/payouts";
import { PayoutPaymentsPage, PayoutPaymentsQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";
import { refusable } from "./refusals.ts";

export const payments = readProcedure
  .input(PayoutPaymentsQuery)
  .output(PayoutPaymentsPage)
  .query(({ ctx, input }) => refusable(listPayments(ctx.services.database.sql, input)));
