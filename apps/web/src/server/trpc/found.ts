import { TRPCError } from "@trpc/server";

/** The thing itself, or NOT_FOUND in words. */
export function found<T>(thing: T | null, what: string): T {
  if (thing === null) throw new TRPCError({ code: "NOT_FOUND", message: `There is no such ${what}.` });
  return thing;
}
