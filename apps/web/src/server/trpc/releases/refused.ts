import { ReleaseError, type ReleaseErrorCode } from "@otedama/db/web";
import { TRPCError } from "@trpc/server";

const CODES = {
  not_found: "NOT_FOUND",
  changed: "CONFLICT",
  wrong_state: "PRECONDITION_FAILED",
  too_many: "TOO_MANY_REQUESTS",
} as const satisfies Record<ReleaseErrorCode, string>;

/** Who may publish, roll out and roll back. */
export const RELEASE_ROLES = ["owner", "operator"] as const;

/** Answers what is refused in its own words. */
export async function orRefuse<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ReleaseError) throw new TRPCError({ code: CODES[error.code], message: error.message });
    throw error;
  }
}
