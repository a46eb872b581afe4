import { holdAccount } from "@otedama/db/payouts";
import { HoldInput } from "@otedama/shared";
import { audited } from "../audited.ts";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const hold = moneyProcedure.input(HoldInput).mutation(async ({ ctx, input }) => {
  await refusable(
    audited(
      ctx,
      (tx) => holdAccount(tx, { ...input, person: ctx.me.email }),
      () => ({ action: "payouts.hold", subject: `account:${input.account_id}`, details: { reason: input.reason } }),
    ),
  );
});
