import { approveCorrection as approve } from "@otedama/db/pool";
import { CorrectionQuery } from "@otedama/shared";
import { audited } from "../audited.ts";
import { moneyProcedure } from "../payouts/money_procedure.ts";
import { refused, Written } from "./correction_answer.ts";

export const approveCorrection = moneyProcedure
  .input(CorrectionQuery)
  .output(Written)
  .mutation(async ({ ctx, input }) => {
    const { id, state } = await audited(
      ctx,
      (tx) => approve(tx, input.id, ctx.me.email),
      (made) => ({ action: "ledger.approve_correction", subject: `correction:${made.id}` }),
    ).catch(refused);
    return { id, state };
  });
