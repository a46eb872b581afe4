import { releaseAccount } from "@otedama/db/payouts";
import { writeAudit } from "@otedama/db/web";
import { PayoutAccountQuery } from "@otedama/shared";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const release = moneyProcedure.input(PayoutAccountQuery).mutation(async ({ ctx, input }) => {
  const { sql } = ctx.services.database;
  await refusable(releaseAccount(sql, { ...input, person: ctx.me.email }));
  await writeAudit(sql, { actor: ctx.me.id, action: "payouts.release", subject: `account:${input.account_id}` });
});
