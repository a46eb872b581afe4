import { removeNoticeChannel } from "@otedama/db/web";
import { NoticeChannelInput } from "@otedama/shared";
import { found } from "../found.ts";
import { actorOf, procedureFor } from "../procedure.ts";
import { NOTICE_ROLES } from "./get.ts";

/** Its secrets are gone at once, and what waited for it is given up. */
export const removeChannel = procedureFor(...NOTICE_ROLES)
  .input(NoticeChannelInput)
  .mutation(async ({ ctx, input }) => {
    found((await removeNoticeChannel(ctx.services.database.prisma, actorOf(ctx), input.id)) || null, "channel");
  });
