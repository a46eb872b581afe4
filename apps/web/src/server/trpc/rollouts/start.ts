import { startRollout } from "@otedama/db/web";
import { RolloutInput, RolloutStartedDto } from "@otedama/shared";
import { actorOf, procedureFor } from "../procedure.ts";
import { orRefuse, RELEASE_ROLES } from "../releases/refused.ts";

export const start = procedureFor(...RELEASE_ROLES)
  .input(RolloutInput)
  .output(RolloutStartedDto)
  .mutation(async ({ ctx, input }) => {
    const id = await orRefuse(startRollout(ctx.services.database.sql, actorOf(ctx), input));
    ctx.services.fleet.written();
    return { id };
  });
