import { changeRole as change } from "@otedama/db/web";
import { RoleInput } from "@otedama/shared";
import { actorOf, procedureFor } from "../procedure.ts";
import { refusePerson } from "./refuse_person.ts";

/** Holds from the person's next request on. The last owner stays one. */
export const changeRole = procedureFor("owner")
  .input(RoleInput)
  .mutation(async ({ ctx, input }) =>
    refusePerson(await change(ctx.services.database.prisma, actorOf(ctx), input.id, input.role)),
  );
