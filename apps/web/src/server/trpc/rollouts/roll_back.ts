import { rollBackRollout } from "@otedama/db/web";
import { RollBackInput, RolloutStartedDto } from "@otedama/shared";
import { actorOf, procedureFor } from "../procedure.ts";
import { orRefuse, RELEASE_ROLES } from "../releases/refused.ts";

/** Brings what the rigs ran before to all of them at once, as a release of its own. */
export const rollBack = procedureFor(...RELEASE_ROLES)
  .input(RollBackInput)
  .output(RolloutStartedDto)
  .mutation(async ({ ctx, input }) => {
    const { database, control_key, fleet, now } = ctx.services;
    const { id } = await orRefuse(
      rollBackRollout(database.sql, actorOf(ctx), input, {
        made_at_ms: now(),
        sign: (manifest) => control_key.sign("release", manifest),
      }),
    );
    fleet.written();
    return { id };
  });
