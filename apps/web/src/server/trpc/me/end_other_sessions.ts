import { endSessions } from "@otedama/db/web";
import { z } from "zod";
import { actorOf, ownProcedure } from "../procedure.ts";

/** Signs out every device but the one that asks. */
export const endOtherSessions = ownProcedure.output(z.strictObject({ sessions_ended: z.int() })).mutation(async ({ ctx }) => ({
  sessions_ended: await endSessions(ctx.services.database.prisma, actorOf(ctx), ctx.me.id, ctx.session_id),
}));
