import { releaseAccount } from "@otedama/db/payouts";
import { PayoutAccountQuery } from "@otedama/shared";
import { audited } from "../audited.ts";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const release = moneyProcedure.input(PayoutAccountQuery).mutation(async ({ ctx, input }) => {
  await refusable(
    audited(
      ctx,
      (tx) => releaseAccount(tx, { ...input, person: ctx.me.email }),
      () => ({ action: "payouts.release", subject: `account:${input.account_id}` }),
    ),
  );
});
