import { createInvite } from "@otedama/db/web";
import { InviteInput, InviteLinkDto } from "@otedama/shared";
import { TRPCError } from "@trpc/server";
import { actorOf, procedureFor } from "../procedure.ts";

const REFUSALS = {
  email_taken: {
    code: "CONFLICT",
    message: "Somebody with this e-mail address is here already. If they were disabled, enable them again.",
  },
  too_many: { code: "CONFLICT", message: "There are 100 open invites. Withdraw some first." },
} as const;

/** The token is in the fragment, which browsers do not send and proxies do not log. The link is told this one time. */
export const invite = procedureFor("owner")
  .input(InviteInput)
  .output(InviteLinkDto)
  .mutation(async ({ ctx, input }) => {
    const made = await createInvite(ctx.services.database.prisma, actorOf(ctx), input);
    if ("refused" in made) throw new TRPCError(REFUSALS[made.refused]);
    return { invite: made.invite, link: `${ctx.services.public_url.replace(/\/$/, "")}/invite#${made.token}` };
  });
