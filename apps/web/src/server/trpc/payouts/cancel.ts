import { cancelBatch } from "@otedama/db/payouts";
import { writeAudit } from "@otedama/db/web";
import { DecidePayoutInput } from "@otedama/shared";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const cancel = moneyProcedure.input(DecidePayoutInput).mutation(async ({ ctx, input }) => {
  const { sql } = ctx.services.database;
  await refusable(cancelBatch(sql, { ...input, person: ctx.me.email }));
  await writeAudit(sql, {
    actor: ctx.me.id,
    action: "payouts.cancel",
    subject: `payout_batch:${input.batch_id}`,
    details: { reason: input.reason },
  });
});
