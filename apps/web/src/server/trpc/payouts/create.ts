import { createBatches } from "@otedama/db/payouts";
import { writeAudit } from "@otedama/db/web";
import { CreatedPayoutsDto, CreatePayoutsInput } from "@otedama/shared";
import { moneyProcedure } from "./money_procedure.ts";
import { refusable } from "./refusals.ts";

export const create = moneyProcedure
  .input(CreatePayoutsInput)
  .output(CreatedPayoutsDto)
  .mutation(async ({ ctx, input }) => {
    const { sql } = ctx.services.database;
    const made = await refusable(createBatches(sql, { ...input, network: ctx.services.network, created_by: ctx.me.email }));
    const done = { ...made, total_sats: Number(made.total_sats) };
    await writeAudit(sql, {
      actor: ctx.me.id,
      action: "payouts.create",
      subject: `payout_batch:${made.batch_ids.join(",")}`,
      details: { ...done, excluded: input.excluded_account_ids },
    });
    return done;
  });
