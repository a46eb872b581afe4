import { resumeBatch } from "@otedama/db/payouts";
import { DecidePayoutInput } from "@otedama/shared";
import { audited } from "../audited.ts";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const resume = moneyProcedure.input(DecidePayoutInput).mutation(async ({ ctx, input }) => {
  await refusable(
    audited(
      ctx,
      (tx) => resumeBatch(tx, { ...input, person: ctx.me.email }),
      () => ({ action: "payouts.resume", subject: `payout_batch:${input.batch_id}`, details: { reason: input.reason } }),
    ),
  );
});
