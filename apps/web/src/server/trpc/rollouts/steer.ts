import { steerRollout } from "@otedama/db/web";
import { RolloutIdInput } from "@otedama/shared";
import { actorOf, procedureFor } from "../procedure.ts";
import { orRefuse, RELEASE_ROLES } from "../releases/refused.ts";

const steering = (verb: Parameters<typeof steerRollout>[3]) =>
  procedureFor(...RELEASE_ROLES)
    .input(RolloutIdInput)
    .mutation(async ({ ctx, input }) => {
      await orRefuse(steerRollout(ctx.services.database.sql, actorOf(ctx), input.id, verb));
      ctx.services.fleet.written();
    });

/** Updates that were sent run on; no further rig begins. */
export const pause = steering("pause");
export const resume = steering("resume");
export const cancel = steering("cancel");
