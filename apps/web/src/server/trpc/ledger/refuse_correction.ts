import { refuseCorrection as refuse } from "@otedama/db/pool";
import { RefuseCorrectionInput } from "@otedama/shared";
import { audited } from "../audited.ts";
import { moneyProcedure } from "../payouts/money_procedure.ts";
import { refused, Written } from "./correction_answer.ts";

export const refuseCorrection = moneyProcedure
  .input(RefuseCorrectionInput)
  .output(Written)
  .mutation(async ({ ctx, input }) => {
    const { id, state } = await audited(
      ctx,
      (tx) => refuse(tx, input.id, ctx.me.email, input.reason),
      (made) => ({
        action: "ledger.refuse_correction",
        subject: `correction:${made.id}`,
        details: { reason: input.reason },
      }),
    ).catch(refused);
    return { id, state };
  });
