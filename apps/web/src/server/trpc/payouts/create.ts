import { createBatches } from "@otedama/db/payouts";
import { CreatedPayoutsDto, CreatePayoutsInput } from "@otedama/shared";
import { audited } from "../audited.ts";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const create = moneyProcedure
  .input(CreatePayoutsInput)
  .output(CreatedPayoutsDto)
  .mutation(({ ctx, input }) =>
    refusable(
      audited(
        ctx,
        async (tx) => {
          const made = await createBatches(tx, { ...input, network: ctx.services.network, created_by: ctx.me.email });
          return { ...made, total_sats: Number(made.total_sats) };
        },
        (made) => ({
          action: "payouts.create",
          subject: `payout_batch:${made.batch_ids.join(",")}`,
          details: { ...made, excluded: input.excluded_account_ids },
        }),
      ),
    ),
  );
