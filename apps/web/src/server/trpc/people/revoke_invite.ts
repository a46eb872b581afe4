import { revokeInvite as revoke } from "@otedama/db/web";
import { RowInput } from "@otedama/shared";
import { found } from "../found.ts";
import { actorOf, procedureFor } from "../procedure.ts";

export const revokeInvite = procedureFor("owner")
  .input(RowInput)
  .mutation(async ({ ctx, input }) => {
    found((await revoke(ctx.services.database.prisma, actorOf(ctx), input.id)) || null, "open invite");
  });
