import { changePassword as change } from "@otedama/db/web";
import { ChangePasswordInput } from "@otedama/shared";
import { z } from "zod";
import { actorOf, ownProcedure } from "../procedure.ts";
import { provePassword, refuseField } from "./prove_password.ts";

/** Asks for the present password, and signs every other device out. */
export const changePassword = ownProcedure
  .input(ChangePasswordInput)
  .output(z.strictObject({ sessions_ended: z.int() }))
  .mutation(async ({ ctx, input }) => {
    const { services, me, session_id } = ctx;
    await provePassword(services, me.id, input.password);
    if (input.new_password === input.password) refuseField("new_password", "must differ from the present one");
    const password_hash = await services.passwords.hash(input.new_password);
    return change(services.database.prisma, actorOf(ctx), { user_id: me.id, password_hash, keep_session_id: session_id });
  });
