/**
 * `/api/auth/*`: the few endpoints of Better Auth that Otedama uses, its others are not reachable. Answers lose the session's token:
 * it belongs in the cookie only, out of the reach of scripts.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isDatabaseAway } from "@otedama/db/web";
import { type Auth, REMOTE_ADDRESS_HEADER, SIGN_IN_LIMIT } from "../auth/auth.ts";
import type { Counters } from "../counters.ts";
import { DATABASE_AWAY } from "../trpc/procedure.ts";
import { readBody } from "./body.ts";
import { sendError, sendJson } from "./respond.ts";

const BODY_BYTES_MAX = 8_192;
const ENDPOINTS: Record<string, string> = {
  "/api/auth/sign-in/email": "POST",
  "/api/auth/sign-out": "POST",
  "/api/auth/get-session": "GET",
};

export interface AuthHandlerDependencies {
  auth: Auth;
  counters: Counters;
  public_url: URL;
  /** Throws when the database is away. */
  askDatabase: () => Promise<unknown>;
}

export function createAuthHandler(dependencies: AuthHandlerDependencies) {
  const { auth, counters, public_url, askDatabase } = dependencies;
  return async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    const method = ENDPOINTS[path];
    if (method === undefined) return sendError(response, 404, "not_found", "There is no such endpoint.");
    if (request.method !== method) return sendError(response, 405, "method_not_allowed", `Use ${method}.`, { allow: method });
    const body = method === "POST" ? await readBody(request, BODY_BYTES_MAX) : null;
    const answer = await auth.handle(
      new Request(new URL(path, public_url), {
        method,
        headers: headersOf(request),
        body: body?.length ? new Uint8Array(body) : null,
      }),
    );
    const text = await answer.text();
    const headers: Record<string, string> = { "cache-control": "no-store" };
    const cookies = answer.headers.getSetCookie();
    if (cookies.length > 0) response.setHeader("set-cookie", cookies);

    if (answer.ok) return sendJson(response, answer.status, withoutToken(text), headers);
    if (answer.status === 429) {
      counters.add("sign_in_limited");
      const wait_s = answer.headers.get("x-retry-after") ?? String(SIGN_IN_LIMIT.window_s);
      return sendError(response, 429, "too_many_attempts", `Too many attempts. Try again in ${wait_s} s.`, {
        "retry-after": wait_s,
      });
    }
    if (answer.status >= 500) {
      try {
        await askDatabase();
      } catch (error) {
        if (isDatabaseAway(error)) return sendError(response, 503, "database_away", DATABASE_AWAY);
        throw error;
      }
      return sendError(
        response,
        answer.status,
        "internal_error",
        "Something went wrong on the server. It is in the server's log.",
      );
    }
    counters.add("sign_in_refused");
    if (path.endsWith("/sign-in/email") && answer.status === 401) {
      return sendError(response, 401, "wrong_credentials", "The e-mail address or the password is wrong.");
    }
    return sendError(response, answer.status, "refused", messageOf(text) ?? "The request was refused.");
  };
}

function headersOf(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (const name of [
    "cookie",
    "content-type",
    "origin",
    "host",
    "referer",
    "user-agent",
    "sec-fetch-site",
    "sec-fetch-mode",
    "sec-fetch-dest",
  ]) {
    const value = request.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  headers.set(REMOTE_ADDRESS_HEADER, request.socket.remoteAddress ?? "");
  return headers;
}

function withoutToken(text: string): unknown {
  if (text === "") return null;
  return JSON.parse(text, (key, value: unknown) => (key === "token" ? undefined : value));
}

function messageOf(text: string): string | null {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && "message" in body && typeof body.message === "string") return body.message;
  } catch {
    // Not JSON: there is no message to pass on.
  }
  return null;
}
