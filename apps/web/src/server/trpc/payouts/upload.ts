import { acceptSigned } from "@otedama/db/payouts";
import { TxidDto, UploadPsbtInput } from "@otedama/shared";
import { audited } from "../audited.ts";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const upload = moneyProcedure
  .input(UploadPsbtInput)
  .output(TxidDto)
  .mutation(({ ctx, input }) =>
    refusable(
      audited(
        ctx,
        (tx) => acceptSigned(tx, { ...input, network: ctx.services.network, signer: "file" }),
        ({ txid }) => ({ action: "payouts.upload", subject: `payout_batch:${input.batch_id}`, details: { txid } }),
      ),
    ),
  );
