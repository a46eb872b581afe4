import { endSessions } from "@otedama/db/web";
import { PersonInput } from "@otedama/shared";
import { z } from "zod";
import { actorOf, procedureFor } from "../procedure.ts";

/** Ends all of a person's sessions; an owner who does it to himself is out too. */
export const signOut = procedureFor("owner")
  .input(PersonInput)
  .output(z.strictObject({ sessions_ended: z.int() }))
  .mutation(async ({ ctx, input }) => ({
    sessions_ended: await endSessions(ctx.services.database.prisma, actorOf(ctx), input.id, null),
  }));
