import { downloadPsbt } from "@otedama/db/payouts";
import { writeAudit } from "@otedama/db/web";
import { PayoutBatchQuery, PsbtDto } from "@otedama/shared";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const download = moneyProcedure
  .input(PayoutBatchQuery)
  .output(PsbtDto)
  .mutation(async ({ ctx, input }) => {
    const { sql } = ctx.services.database;
    const done = await refusable(downloadPsbt(sql, input));
    await writeAudit(sql, {
      actor: ctx.me.id,
      action: "payouts.download",
      subject: `payout_batch:${input.batch_id}`,
      details: { attempt: done.attempt },
    });
    return done;
  });
