import { createOwner, ownerExists, type SetupRefusal, setupTokenIsGood } from "@otedama/db/web";
import { SetupInput } from "@otedama/shared";
import { TRPCError } from "@trpc/server";
import { z } from "zod";
import { openProcedure } from "../procedure.ts";

const REFUSALS = {
  owner_exists: { code: "CONFLICT", message: "This Otedama has its owner already. Sign in instead." },
  bad_token: {
    code: "FORBIDDEN",
    message: "This set-up link was used, has expired or is not complete. Start Otedama again: it prints a new one.",
  },
  email_taken: { code: "CONFLICT", message: "Somebody with this e-mail address is known already." },
} as const satisfies Record<SetupRefusal, { code: string; message: string }>;

/**
 * Creates the owner with the token of the one-time link; the client signs in afterwards. Open, because nobody can be signed in
 * yet: the token is the authority. Audited in the transaction that creates the owner.
 */
export const complete = openProcedure
  .input(SetupInput)
  .output(z.strictObject({ email: z.string() }))
  .mutation(async ({ ctx: { services }, input }) => {
    const { sql, prisma } = services.database;
    if (await ownerExists(sql)) throw new TRPCError(REFUSALS.owner_exists);
    if (!(await setupTokenIsGood(sql, input.token))) throw new TRPCError(REFUSALS.bad_token);
    const email = input.email.toLowerCase();
    const password_hash = await services.passwords.hash(input.password);
    const created = await createOwner(prisma, { token: input.token, name: input.name, email, password_hash });
    if ("refused" in created) throw new TRPCError(REFUSALS[created.refused]);
    services.log.info({ user: created.id }, "the owner was created");
    return { email };
  });
