/**
 * `/api/auth/*`: the few endpoints of Better Auth that Otedama uses, its others are not reachable. Answers lose the session's token:
 * it belongs in the cookie only, out of the reach of scripts.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { endSession, isDatabaseAway, type WebDatabase } from "@otedama/db/web";
import { type Auth, CODE_HEADER, REMOTE_ADDRESS_HEADER, SIGN_IN_LIMIT, SIGN_IN_REFUSALS } from "../auth/auth.ts";
import type { Counters } from "../counters.ts";
import { DATABASE_AWAY } from "../trpc/procedure.ts";
import { readBody } from "./body.ts";
import type { ClientAddress } from "./client_address.ts";
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
  database: WebDatabase;
  addressOf: ClientAddress;
}

/** As devices and backup codes have it; anything else is no code and no header either. */
const CODE = /^[0-9A-Za-z -]{1,40}$/;

export function createAuthHandler(dependencies: AuthHandlerDependencies) {
  const { auth, counters, public_url, database, addressOf } = dependencies;

  /** Ends the session together with its line in the audit log; Better Auth then only clears the cookie. */
  async function endOwnSession(headers: Headers, address: string): Promise<void> {
    const signed_in = await auth.signedIn(headers);
    if (signed_in === null) return;
    await endSession(database.prisma, { id: signed_in.me.id, address }, signed_in.me.id, signed_in.session_id);
  }

  return async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    const method = ENDPOINTS[path];
    if (method === undefined) return sendError(response, 404, "not_found", "There is no such endpoint.");
    if (request.method !== method) return sendError(response, 405, "method_not_allowed", `Use ${method}.`, { allow: method });
    const body = method === "POST" ? await readBody(request, BODY_BYTES_MAX) : null;
    const address = addressOf(request);
    const sent_headers = headersOf(request);
    sent_headers.set(REMOTE_ADDRESS_HEADER, address);
    const code = path.endsWith("/sign-in/email") ? codeOf(body) : null;
    if (code !== null) sent_headers.set(CODE_HEADER, code);
    if (path.endsWith("/sign-out")) await endOwnSession(sent_headers, address);
    const answer = await auth.handle(
      new Request(new URL(path, public_url), {
        method,
        headers: sent_headers,
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
        await database.sql.query("SELECT 1");
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
    const refusal = refusalOf(text);
    if (refusal !== null) return sendError(response, 401, refusal, SIGN_IN_REFUSALS[refusal]);
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
  return headers;
}

/** The second factor's code beside e-mail and password in the body of a sign-in. */
function codeOf(body: Buffer | null): string | null {
  const code = jsonField(body?.toString("utf8") ?? "", "code");
  return typeof code === "string" && CODE.test(code) ? code : null;
}

function refusalOf(text: string): keyof typeof SIGN_IN_REFUSALS | null {
  const code = jsonField(text, "code");
  return typeof code === "string" && Object.hasOwn(SIGN_IN_REFUSALS, code) ? (code as keyof typeof SIGN_IN_REFUSALS) : null;
}

function withoutToken(text: string): unknown {
  if (text === "") return null;
  return JSON.parse(text, (key, value: unknown) => (key === "token" ? undefined : value));
}

function messageOf(text: string): string | null {
  const message = jsonField(text, "message");
  return typeof message === "string" ? message : null;
}

/** One field of a JSON object; undefined where there is none, or no JSON. */
function jsonField(text: string, name: string): unknown {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}
