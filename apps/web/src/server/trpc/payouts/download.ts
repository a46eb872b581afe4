import { downloadPsbt } from "@otedama/db/payouts";
import { PayoutBatchQuery, PsbtDto } from "@otedama/shared";
import { audited } from "../audited.ts";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const download = moneyProcedure
  .input(PayoutBatchQuery)
  .output(PsbtDto)
  .mutation(({ ctx, input }) =>
    refusable(
      audited(
        ctx,
        (tx) => downloadPsbt(tx, input),
        ({ attempt }) => ({ action: "payouts.download", subject: `payout_batch:${input.batch_id}`, details: { attempt } }),
      ),
    ),
  );
