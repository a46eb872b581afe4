import { headers } from "next/headers";
import { notFound, redirect } from "next/navigation";
import { bridge } from "@/server/bridge.ts";

/**
 * What every page begins with: who asks, and the procedures in that person's name. Without a session the sign-in page takes
 * over and comes back to `path` afterwards. Each page calls this itself; a layout is not rendered again on navigation.
 */
export async function openPage(path: string) {
  const asked = await headers();
  const me = await bridge().whoIs(asked);
  if (me === null) redirect(path === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(path)}`);
  if (me.second_factor_due && !path.startsWith("/settings")) redirect("/settings?tab=security");
  return { me, api: await bridge().createCaller(asked) };
}

/** The procedures for somebody who need not be signed in. */
export async function openPublicPage() {
  const asked = await headers();
  return { me: await bridge().whoIs(asked), api: await bridge().createCaller(asked) };
}

const MEANS_NOT_FOUND: ReadonlySet<unknown> = new Set(["NOT_FOUND", "BAD_REQUEST"]);

/** A thing that is not there, or an address that could never name one, is the not-found page; any other error stays one. */
export async function orNotFound<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && "code" in error && MEANS_NOT_FOUND.has(error.code)) notFound();
    throw error;
  }
}

export type SearchParams = Promise<Record<string, string | string[] | undefined>>;
