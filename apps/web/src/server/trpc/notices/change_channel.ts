import { changeNoticeChannel } from "@otedama/db/web";
import { ChangeNoticeChannelInput } from "@otedama/shared";
import { found } from "../found.ts";
import { actorOf, procedureFor } from "../procedure.ts";
import { NOTICE_ROLES } from "./get.ts";

/** Name, events, on or off. Where it leads cannot be changed: a new channel is made for that. */
export const changeChannel = procedureFor(...NOTICE_ROLES)
  .input(ChangeNoticeChannelInput)
  .mutation(async ({ ctx, input }) => {
    found((await changeNoticeChannel(ctx.services.database.prisma, actorOf(ctx), input)) || null, "channel");
  });
