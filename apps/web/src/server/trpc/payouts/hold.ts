import { holdAccount } from "@otedama/db/payouts";
import { writeAudit } from "@otedama/db/web";
import { HoldInput } from "@otedama/shared";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const hold = moneyProcedure.input(HoldInput).mutation(async ({ ctx, input }) => {
  const { sql } = ctx.services.database;
  await refusable(holdAccount(sql, { ...input, person: ctx.me.email }));
  await writeAudit(sql, {
    actor: ctx.me.id,
    action: "payouts.hold",
    subject: `account:${input.account_id}`,
    details: { reason: input.reason },
  });
});
