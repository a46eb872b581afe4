import { createBatches } from "@otedama/db/payouts";
import { CreatedPayoutsDto, CreatePayoutsInput } from "@otedama/shared";
import { audited } from "../audited.ts";
import { planningProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const create = planningProcedure
  .input(CreatePayoutsInput)
  .output(CreatedPayoutsDto)
  .mutation(({ ctx, input }) =>
    refusable(
      audited(
        ctx,
        async (tx) => {
          const made = await createBatches(tx, {
            ...input,
            network: ctx.services.network,
            created_by: ctx.me.email,
            // Whatever may go unattended: what a program plans, a person looks at.
            approvals_min: ctx.api_key_id === null ? 0 : 1,
          });
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
