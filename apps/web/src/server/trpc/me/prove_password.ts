import { TRPCError } from "@trpc/server";
import { ZodRealError } from "zod";
import type { Services } from "../../services.ts";

/** Throws unless the password is the person's. */
export async function provePassword(services: Services, user_id: string, password: string): Promise<void> {
  const verdict = await services.password_proofs.judge(user_id, password);
  if (verdict === "right") return;
  if (verdict === "too_often") {
    throw new TRPCError({ code: "TOO_MANY_REQUESTS", message: "Too many tries. Wait a minute, then try again." });
  }
  refuseField("password", "is not your password");
}

/** Bad input that only the server can see, told as the schemas tell theirs. */
export function refuseField(field: string, message: string): never {
  throw new TRPCError({
    code: "BAD_REQUEST",
    cause: new ZodRealError([{ code: "custom", path: [field], message, input: undefined }]),
  });
}
