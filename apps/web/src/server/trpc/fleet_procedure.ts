import { FleetError, type FleetErrorCode } from "@otedama/db/web";
import { TRPCError } from "@trpc/server";
import { procedureFor } from "./procedure.ts";

/** Rigs and what they do are the owner's and the operators'. */
export const fleetProcedure = procedureFor("owner", "operator");

const CODES: Readonly<Record<FleetErrorCode, TRPCError["code"]>> = {
  not_found: "NOT_FOUND",
  bad_input: "BAD_REQUEST",
  changed: "CONFLICT",
  wrong_state: "CONFLICT",
  taken: "CONFLICT",
  too_many: "CONFLICT",
};

/** What the fleet refuses, told to the person in the sentence it was refused with. */
export async function refusable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof FleetError) throw new TRPCError({ code: CODES[error.code], message: error.message });
    throw error;
  }
}
