import { requestBump } from "@otedama/db/payouts";
import { writeAudit } from "@otedama/db/web";
import { BumpPayoutInput } from "@otedama/shared";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const bump = moneyProcedure.input(BumpPayoutInput).mutation(async ({ ctx, input }) => {
  const { sql } = ctx.services.database;
  await refusable(requestBump(sql, { ...input, person: ctx.me.email }));
  await writeAudit(sql, {
    actor: ctx.me.id,
    action: "payouts.bump",
    subject: `payout_batch:${input.batch_id}`,
    details: { fee_rate: input.fee_rate },
  });
});
