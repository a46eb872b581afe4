import { CorrectionError } from "@otedama/db/pool";
import { CorrectionState } from "@otedama/shared";
import { TRPCError } from "@trpc/server";
import { z } from "zod";

export const Written = z.strictObject({ id: z.int(), state: CorrectionState });

/** A correction that cannot be made, in the sentence that names the field. */
export function refused(error: unknown): never {
  if (error instanceof CorrectionError) throw new TRPCError({ code: "BAD_REQUEST", message: error.message });
  throw error;
}
