import { PayoutError, type PayoutErrorCode } from "@otedama/db/payouts";
import { PsbtError } from "@otedama/shared/psbt";
import { TRPCError } from "@trpc/server";

const CODES: Readonly<Record<PayoutErrorCode, TRPCError["code"]>> = {
  not_found: "NOT_FOUND",
  wrong_state: "CONFLICT",
  changed: "CONFLICT",
  not_allowed: "FORBIDDEN",
  bad_input: "BAD_REQUEST",
  no_policy: "PRECONDITION_FAILED",
};

/** What payouts refuse, told to the person in the sentence it was refused with. */
export async function refusable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof PayoutError) throw new TRPCError({ code: CODES[error.code], message: error.message });
    if (error instanceof PsbtError) throw new TRPCError({ code: "BAD_REQUEST", message: error.message });
    throw error;
  }
}
