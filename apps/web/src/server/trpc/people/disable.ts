import { disablePerson } from "@otedama/db/web";
import { PersonInput } from "@otedama/shared";
import { actorOf, procedureFor } from "../procedure.ts";
import { refusePerson } from "./refuse_person.ts";

/** Signs the person out everywhere, ends their keys and keeps them out. Their name stays in the audit log. */
export const disable = procedureFor("owner")
  .input(PersonInput)
  .mutation(async ({ ctx, input }) => refusePerson(await disablePerson(ctx.services.database.prisma, actorOf(ctx), input.id)));
