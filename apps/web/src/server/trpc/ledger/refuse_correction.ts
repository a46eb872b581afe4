import { refuseCorrection as refuse } from "@otedama/db/pool";
import { writeAudit } from "@otedama/db/web";
import { RefuseCorrectionInput } from "@otedama/shared";
import { moneyProcedure } from "../payouts/money_procedure.ts";
import { refused, Written } from "./correction_answer.ts";

export const refuseCorrection = moneyProcedure
  .input(RefuseCorrectionInput)
  .output(Written)
  .mutation(async ({ ctx, input }) => {
    const { sql } = ctx.services.database;
    const { id, state } = await refuse(sql, input.id, ctx.me.email, input.reason).catch(refused);
    await writeAudit(sql, {
      actor: ctx.me.id,
      action: "ledger.refuse_correction",
      subject: `correction:${id}`,
      details: { reason: input.reason },
    });
    return { id, state };
  });
