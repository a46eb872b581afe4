import { requestBump } from "@otedama/db/payouts";
import { BumpPayoutInput } from "@otedama/shared";
import { audited } from "../audited.ts";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const bump = moneyProcedure.input(BumpPayoutInput).mutation(async ({ ctx, input }) => {
  await refusable(
    audited(
      ctx,
      (tx) => requestBump(tx, { ...input, person: ctx.me.email }),
      () => ({ action: "payouts.bump", subject: `payout_batch:${input.batch_id}`, details: { fee_rate: input.fee_rate } }),
    ),
  );
});
