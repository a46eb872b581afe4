import { approveCorrection as approve } from "@otedama/db/pool";
import { writeAudit } from "@otedama/db/web";
import { CorrectionQuery } from "@otedama/shared";
import { moneyProcedure } from "../payouts/money_procedure.ts";
import { refused, Written } from "./correction_answer.ts";

export const approveCorrection = moneyProcedure
  .input(CorrectionQuery)
  .output(Written)
  .mutation(async ({ ctx, input }) => {
    const { sql } = ctx.services.database;
    const { id, state } = await approve(sql, input.id, ctx.me.email).catch(refused);
    await writeAudit(sql, { actor: ctx.me.id, action: "ledger.approve_correction", subject: `correction:${id}` });
    return { id, state };
  });
