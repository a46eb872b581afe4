import { acceptInvite, inviteOffer } from "@otedama/db/web";
import { AcceptInviteInput } from "@otedama/shared";
import { TRPCError } from "@trpc/server";
import { z } from "zod";
import { openProcedure } from "../procedure.ts";

const REFUSALS = {
  bad_token: {
    code: "FORBIDDEN",
    message: "This invite was used or withdrawn, has expired, or is not complete. Ask for a new one.",
  },
  email_taken: { code: "CONFLICT", message: "Somebody with this e-mail address is known already. Sign in instead." },
} as const;

/** Joins with the token of an invite; the client signs in afterwards. Audited in the transaction that makes the person. */
export const accept = openProcedure
  .input(AcceptInviteInput)
  .output(z.strictObject({ email: z.string() }))
  .mutation(async ({ ctx: { services, address }, input }) => {
    const { sql, prisma } = services.database;
    // Before a password is hashed, so that guessing tokens costs the server nothing.
    if ((await inviteOffer(sql, input.token)) === null) throw new TRPCError(REFUSALS.bad_token);
    const password_hash = await services.passwords.hash(input.password);
    const joined = await acceptInvite(prisma, address, { token: input.token, name: input.name, password_hash });
    if ("refused" in joined) throw new TRPCError(REFUSALS[joined.refused]);
    services.log.info({ user: joined.id }, "a person joined");
    return { email: joined.email };
  });
