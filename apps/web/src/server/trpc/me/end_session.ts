import { endSession as end } from "@otedama/db/web";
import { SessionInput } from "@otedama/shared";
import { found } from "../found.ts";
import { actorOf, ownProcedure } from "../procedure.ts";

/** Signs one of one's own devices out. */
export const endSession = ownProcedure.input(SessionInput).mutation(async ({ ctx, input }) => {
  found((await end(ctx.services.database.prisma, actorOf(ctx), ctx.me.id, input.id)) || null, "session of yours");
});
