import { PublishedDto, PublishInput } from "@otedama/shared";
import { actorOf, procedureFor } from "../procedure.ts";
import { orRefuse, RELEASE_ROLES } from "./refused.ts";

/** Signs the build that was shown, and keeps it. No rig gets it before it is rolled out. */
export const publish = procedureFor(...RELEASE_ROLES)
  .input(PublishInput)
  .output(PublishedDto)
  .mutation(async ({ ctx, input }) => {
    const number = await orRefuse(ctx.services.releases.publish(actorOf(ctx), input));
    ctx.services.fleet.written();
    return { number };
  });
