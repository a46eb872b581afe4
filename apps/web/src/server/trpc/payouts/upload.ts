import { acceptSigned } from "@otedama/db/payouts";
import { writeAudit } from "@otedama/db/web";
import { TxidDto, UploadPsbtInput } from "@otedama/shared";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const upload = moneyProcedure
  .input(UploadPsbtInput)
  .output(TxidDto)
  .mutation(async ({ ctx, input }) => {
    const { sql } = ctx.services.database;
    const done = await refusable(acceptSigned(sql, { ...input, network: ctx.services.network, signer: "file" }));
    await writeAudit(sql, {
      actor: ctx.me.id,
      action: "payouts.upload",
      subject: `payout_batch:${input.batch_id}`,
      details: { txid: done.txid },
    });
    return done;
  });
