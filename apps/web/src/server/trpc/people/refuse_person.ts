import type { PersonRefusal } from "@otedama/db/web";
import { TRPCError } from "@trpc/server";

const REFUSALS = {
  not_found: { code: "NOT_FOUND", message: "There is no such person." },
  last_owner: {
    code: "CONFLICT",
    message: "This is the last owner who can sign in. Make somebody else an owner first.",
  },
} as const satisfies Record<PersonRefusal, { code: string; message: string }>;

/** Throws what a refusal means. */
export function refusePerson({ refused }: { refused: PersonRefusal | null }): void {
  if (refused !== null) throw new TRPCError(REFUSALS[refused]);
}
