import { inviteOffer } from "@otedama/db/web";
import { InviteOfferDto, InviteTokenInput } from "@otedama/shared";
import { openProcedure } from "../procedure.ts";

/** What an invite offers; null for one that does not work. Asked with POST, so that its token stands in no address. */
export const look = openProcedure
  .input(InviteTokenInput)
  .output(InviteOfferDto.nullable())
  .mutation(({ ctx, input }) => inviteOffer(ctx.services.database.sql, input.token));
