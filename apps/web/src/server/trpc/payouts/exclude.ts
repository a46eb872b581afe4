import { excludeItem } from "@otedama/db/payouts";
import { ExcludePayoutInput } from "@otedama/shared";
import { audited } from "../audited.ts";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const exclude = moneyProcedure.input(ExcludePayoutInput).mutation(async ({ ctx, input }) => {
  await refusable(
    audited(
      ctx,
      (tx) => excludeItem(tx, { ...input, person: ctx.me.email }),
      () => ({
        action: "payouts.exclude",
        subject: `payout_batch:${input.batch_id}`,
        details: { account_id: input.account_id, reason: input.reason },
      }),
    ),
  );
});
