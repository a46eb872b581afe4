import { enablePerson } from "@otedama/db/web";
import { PersonInput } from "@otedama/shared";
import { actorOf, procedureFor } from "../procedure.ts";
import { refusePerson } from "./refuse_person.ts";

/** Lets somebody in again who was disabled; their password is as it was. */
export const enable = procedureFor("owner")
  .input(PersonInput)
  .mutation(async ({ ctx, input }) => refusePerson(await enablePerson(ctx.services.database.prisma, actorOf(ctx), input.id)));
