import type { Actor } from "@otedama/db/web";
import { TRPCError } from "@trpc/server";
import type { Services } from "../../services.ts";
import { refuseField } from "./prove_password.ts";

/** Throws unless the code is the person's; uses it up. */
export async function proveCode(services: Services, actor: Actor, code: string): Promise<void> {
  const verdict = await services.second_factors.spend(actor, code);
  if (verdict === "locked") {
    throw new TRPCError({ code: "TOO_MANY_REQUESTS", message: "Too many wrong codes: codes are refused for 15 minutes." });
  }
  if (verdict === "wrong") refuseField("code", "is wrong, too old or was used already; wait for the next one");
}
