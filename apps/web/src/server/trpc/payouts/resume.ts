import { resumeBatch } from "@otedama/db/payouts";
import { writeAudit } from "@otedama/db/web";
import { DecidePayoutInput } from "@otedama/shared";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const resume = moneyProcedure.input(DecidePayoutInput).mutation(async ({ ctx, input }) => {
  const { sql } = ctx.services.database;
  await refusable(resumeBatch(sql, { batch_id: input.batch_id, person: ctx.me.email }));
  await writeAudit(sql, {
    actor: ctx.me.id,
    action: "payouts.resume",
    subject: `payout_batch:${input.batch_id}`,
    details: { reason: input.reason },
  });
});
