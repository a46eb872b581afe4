import { forgetHostKey } from "@otedama/db/web";
import { ForgetPinInput } from "@otedama/shared";
import { fleetProcedure } from "../fleet_procedure.ts";
import { found } from "../found.ts";
import { actorOf } from "../procedure.ts";

/** The deliberate way past a host key that changed: its reason stays in the audit log. */
export const forgetPin = fleetProcedure.input(ForgetPinInput).mutation(async ({ ctx, input }) => {
  found((await forgetHostKey(ctx.services.database.prisma, actorOf(ctx), input.id, input.reason)) || null, "host key");
});
