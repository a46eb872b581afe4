import { writeCorrection } from "@otedama/db/pool";
import { accountOfAddress } from "@otedama/db/web";
import { CorrectionInput } from "@otedama/shared";
import { TRPCError } from "@trpc/server";
import { audited } from "../audited.ts";
import { moneyProcedure } from "../payouts/money_procedure.ts";
import { refused, Written } from "./correction_answer.ts";

/** Moves an amount from one account of the ledger to another; above the policy's limit it waits for a second person. */
export const correct = moneyProcedure
  .input(CorrectionInput)
  .output(Written)
  .mutation(async ({ ctx, input }) => {
    const { sql } = ctx.services.database;
    const [from, to] = await Promise.all([side(sql, "from", input.from), side(sql, "to", input.to)]);
    const amount_sats = BigInt(input.amount_sats);
    const postings = [
      { ...from, amount_sats: -amount_sats },
      { ...to, amount_sats },
    ];
    const { id, state } = await audited(
      ctx,
      (tx) => writeCorrection(tx, { person: ctx.me.email, reason: input.reason, postings }),
      (made) => ({
        action: "ledger.correct",
        subject: `correction:${made.id}`,
        details: { ...input, state: made.state },
      }),
    ).catch(refused);
    return { id, state };
  });

type Sql = Parameters<typeof accountOfAddress>[0];

async function side(sql: Sql, field: "from" | "to", { kind, address }: CorrectionInput["from"]) {
  if (kind !== "miner_available") return { kind, account_id: null };
  const account_id = await accountOfAddress(sql, address?.trim() ?? "");
  if (account_id === null) {
    throw new TRPCError({ code: "BAD_REQUEST", message: `${field}.address: there is no account with this address.` });
  }
  return { kind, account_id };
}
