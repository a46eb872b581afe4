import { retryDeliveries } from "@otedama/db/web";
import { RetriedNoticesDto, RetryNoticesInput } from "@otedama/shared";
import { actorOf, procedureFor } from "../procedure.ts";
import { NOTICE_ROLES } from "./get.ts";

/** Has one dead letter, or all of them, tried again from the beginning. */
export const retry = procedureFor(...NOTICE_ROLES)
  .input(RetryNoticesInput)
  .output(RetriedNoticesDto)
  .mutation(async ({ ctx, input }) => ({
    retried: await retryDeliveries(ctx.services.database.prisma, actorOf(ctx), input.id),
  }));
