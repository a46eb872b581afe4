import { NOTICE_CHANNELS_MAX } from "@otedama/db/web";
import { NewNoticeChannelDto, NewNoticeChannelInput } from "@otedama/shared";
import { TRPCError } from "@trpc/server";
import { BadDestinationError } from "../../notices/notices.ts";
import { refuseField } from "../me/prove_password.ts";
import { actorOf, procedureFor } from "../procedure.ts";
import { NOTICE_ROLES } from "./get.ts";

/** The secret that a webhook is signed with is told this one time; nothing else of the destination ever comes back. */
export const createChannel = procedureFor(...NOTICE_ROLES)
  .input(NewNoticeChannelInput)
  .output(NewNoticeChannelDto)
  .mutation(async ({ ctx, input }) => {
    try {
      const made = await ctx.services.notices.create(actorOf(ctx), input);
      if (made !== null) return made;
    } catch (error) {
      if (error instanceof BadDestinationError) refuseField(error.field, error.message);
      throw error;
    }
    throw new TRPCError({
      code: "CONFLICT",
      message: `There are ${NOTICE_CHANNELS_MAX} channels, as many as there may be. Remove one first.`,
    });
  });
