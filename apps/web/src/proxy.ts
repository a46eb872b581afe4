import { type NextRequest, NextResponse } from "next/server";

/** The session's cookie, by its name over HTTP and over HTTPS. */
const SESSION_COOKIES = ["otedama.session_token", "__Secure-otedama.session_token"] as const;

/**
 * Sends visitors without any session to the sign-in page before a screen begins to stream, so that they see no skeleton of what
 * is not for them. Whether a cookie is good is decided by the page and by every procedure, not here.
 */
export function proxy(request: NextRequest): NextResponse {
  if (SESSION_COOKIES.some((name) => request.cookies.has(name))) return NextResponse.next();
  const { pathname, search } = request.nextUrl;
  const to = pathname === "/" && search === "" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(pathname + search)}`;
  // Next sends an address of this site as a relative one, so that it holds behind a reverse proxy too.
  return NextResponse.redirect(new URL(to, request.url), 307);
}

export const config = { matcher: ["/((?!_next/|api/|sign-in|setup|invite|m$|m/|icon\\.svg|favicon\\.ico).*)"] };
