import { setSiteChannel as write } from "@otedama/db/web";
import { SiteChannelInput } from "@otedama/shared";
import { actorOf, procedureFor } from "../procedure.ts";
import { orRefuse, RELEASE_ROLES } from "./refused.ts";

/** Roll-outs that have begun keep their rigs. */
export const setSiteChannel = procedureFor(...RELEASE_ROLES)
  .input(SiteChannelInput)
  .mutation(async ({ ctx, input }) => {
    await orRefuse(write(ctx.services.database.sql, actorOf(ctx), input));
    ctx.services.fleet.written();
  });
