import { approveBatch } from "@otedama/db/payouts";
import { ApprovedPayoutDto, ApprovePayoutInput } from "@otedama/shared";
import { audited } from "../audited.ts";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const approve = moneyProcedure
  .input(ApprovePayoutInput)
  .output(ApprovedPayoutDto)
  .mutation(({ ctx, input: { batch_id, amount_sats } }) =>
    refusable(
      audited(
        ctx,
        (tx) => approveBatch(tx, { batch_id, person: ctx.me.email, expected_amount_sats: amount_sats }),
        (done) => ({
          action: "payouts.approve",
          subject: `payout_batch:${batch_id}`,
          details: { ...done, amount_sats },
        }),
      ),
    ),
  );
