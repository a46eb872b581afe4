import { excludeItem } from "@otedama/db/payouts";
import { writeAudit } from "@otedama/db/web";
import { ExcludePayoutInput } from "@otedama/shared";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const exclude = moneyProcedure.input(ExcludePayoutInput).mutation(async ({ ctx, input }) => {
  const { sql } = ctx.services.database;
  await refusable(excludeItem(sql, { ...input, person: ctx.me.email }));
  await writeAudit(sql, {
    actor: ctx.me.id,
    action: "payouts.exclude",
    subject: `payout_batch:${input.batch_id}`,
    details: { account_id: input.account_id, reason: input.reason },
  });
});
