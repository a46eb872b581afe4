import { resetSecondFactor as reset } from "@otedama/db/web";
import { PersonInput } from "@otedama/shared";
import { actorOf, procedureFor } from "../procedure.ts";
import { refusePerson } from "./refuse_person.ts";

/** For somebody whose device and backup codes are lost. They are signed out everywhere. */
export const resetSecondFactor = procedureFor("owner")
  .input(PersonInput)
  .mutation(async ({ ctx, input }) => refusePerson(await reset(ctx.services.database.prisma, actorOf(ctx), input.id)));
