import { explainAccount } from "@otedama/db/payouts";
import { AccountPayoutDto, PayoutAccountQuery } from "@otedama/shared";
import { readProcedure } from "../procedure.ts";
import { refusable } from "./refusals.ts";

export const account = readProcedure
  .input(PayoutAccountQuery)
  .output(AccountPayoutDto)
  .query(({ ctx, input }) => refusable(explainAccount(ctx.services.database.sql, { ...input, network: ctx.services.network })));
