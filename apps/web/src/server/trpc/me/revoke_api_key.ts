import { revokeApiKey as revoke } from "@otedama/db/web";
import { RowInput } from "@otedama/shared";
import { found } from "../found.ts";
import { actorOf, ownProcedure } from "../procedure.ts";

/** The key stops working with the next request. */
export const revokeApiKey = ownProcedure.input(RowInput).mutation(async ({ ctx, input }) => {
  found((await revoke(ctx.services.database.prisma, actorOf(ctx), ctx.me.id, input.id)) || null, "key of yours");
});
