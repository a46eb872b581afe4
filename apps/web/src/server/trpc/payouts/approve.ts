import { approveBatch } from "@otedama/db/payouts";
import { writeAudit } from "@otedama/db/web";
import { ApprovedPayoutDto, ApprovePayoutInput } from "@otedama/shared";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const approve = moneyProcedure
  .input(ApprovePayoutInput)
  .output(ApprovedPayoutDto)
  .mutation(async ({ ctx, input }) => {
    const { sql } = ctx.services.database;
    const done = await refusable(
      approveBatch(sql, { batch_id: input.batch_id, person: ctx.me.email, expected_amount_sats: input.amount_sats }),
    );
    await writeAudit(sql, {
      actor: ctx.me.id,
      action: "payouts.approve",
      subject: `payout_batch:${input.batch_id}`,
      details: { ...done, amount_sats: input.amount_sats },
    });
    return done;
  });
