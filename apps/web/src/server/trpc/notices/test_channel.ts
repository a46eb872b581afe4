import { NoticeAnswerDto, NoticeChannelInput } from "@otedama/shared";
import { found } from "../found.ts";
import { procedureFor } from "../procedure.ts";
import { NOTICE_ROLES } from "./get.ts";

/** Sends a test notice and answers what the other side really said. */
export const testChannel = procedureFor(...NOTICE_ROLES)
  .input(NoticeChannelInput)
  .output(NoticeAnswerDto)
  .mutation(async ({ ctx, input }) => found(await ctx.services.notices.test(input.id), "channel"));
