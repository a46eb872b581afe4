/** Which part answers a request: public API, sign-in, procedures, and the pages for everything else. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isDatabaseAway } from "@otedama/db/web";
import type { Logger } from "pino";
import { PasswordsBusyError } from "../auth/password.ts";
import type { Counters } from "../counters.ts";
import { DATABASE_AWAY } from "../trpc/procedure.ts";
import { type createAuditExport, isAuditExport } from "./audit_export.ts";
import { BodyTooLargeError } from "./body.ts";
import { ENROL_PATH } from "./enrol_handler.ts";
import { cameFromElsewhere } from "./origin.ts";
import { PLACEMENT_PATH } from "./placement_csv.ts";
import { sendError } from "./respond.ts";
import { contentSecurityPolicy, newNonce, setSecurityHeaders } from "./security_headers.ts";

/** Answers requests for pages and their files. */
export interface Pages {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>;

export interface RequestHandlerDependencies {
  rest: { serves(path: string): boolean; handle: Handler };
  auth: Handler;
  trpc: Handler;
  enrol: Handler;
  placement: Handler;
  audit_export: ReturnType<typeof createAuditExport>;
  exports: { serves(path: string): boolean; handle: Handler };
  releases: { serves(path: string): boolean; handle: Handler };
  pages: Pages;
  /** False when the client has asked for too many miners' pages. */
  minerPages: (request: IncomingMessage) => boolean;
  public_url: URL;
  counters: Counters;
  log: Logger;
}

const URL_LENGTH_MAX = 16_384;
const READING = new Set(["GET", "HEAD", "OPTIONS"]);

export function createRequestHandler(dependencies: RequestHandlerDependencies) {
  const { rest, auth, trpc, enrol, placement, audit_export, exports, releases, pages, minerPages, public_url, counters, log } =
    dependencies;
  const https = public_url.protocol === "https:";

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const nonce = newNonce();
    const policy = contentSecurityPolicy(nonce, https);
    setSecurityHeaders(response, policy, https);
    // Pages learn their nonce from these; whatever a client sent under the same names is gone.
    request.headers["content-security-policy"] = policy;
    request.headers["x-nonce"] = nonce;

    const url = request.url ?? "/";
    if (url.length > URL_LENGTH_MAX) return sendError(response, 414, "url_too_long", "The address is too long.");
    const path = url.split("?", 1)[0] ?? "/";
    if (path === ENROL_PATH) return enrol(request, response, path);
    if (releases.serves(path)) return releases.handle(request, response, path);
    if (rest.serves(path)) return rest.handle(request, response, path);
    if (!READING.has(request.method ?? "GET") && cameFromElsewhere(request, public_url)) {
      counters.add("http_refused_origin");
      return sendError(response, 403, "foreign_origin", "This request came from another site. Open Otedama at its own address.");
    }
    if (path.startsWith("/api/auth/")) return auth(request, response, path);
    if (path.startsWith("/api/trpc/")) return trpc(request, response, path);
    if (path === PLACEMENT_PATH) return placement(request, response, path);
    if (isAuditExport(path)) return audit_export(request, response, path);
    if (exports.serves(path)) return exports.handle(request, response, path);
    if (path === "/api" || path.startsWith("/api/")) return sendError(response, 404, "not_found", "There is no such endpoint.");
    if (path === "/m" || path.startsWith("/m/")) {
      if (!isWellEncoded(path)) return sendError(response, 400, "bad_address", "The page's address is not well encoded.");
      if (!minerPages(request)) {
        counters.add("miners_limited");
        return sendError(response, 429, "too_many_requests", "Too many requests from your address. Wait a moment.", {
          "retry-after": "2",
        });
      }
      response.setHeader("x-robots-tag", "noindex");
    }
    return pages.handle(request, response);
  }

  function isWellEncoded(path: string): boolean {
    try {
      decodeURIComponent(path);
      return true;
    } catch {
      return false;
    }
  }

  function refuse(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    if (error instanceof BodyTooLargeError) {
      counters.add("http_body_too_large");
      // What is left of the body is not read, so the connection cannot be used again.
      sendError(response, 413, "body_too_large", `The request is too large: ${error.message}.`, { connection: "close" });
    } else if (error instanceof PasswordsBusyError) {
      sendError(response, 503, "busy", `Sorry, ${error.message}.`, { "retry-after": "2" });
    } else if (isDatabaseAway(error)) {
      sendError(response, 503, "database_away", DATABASE_AWAY);
    } else {
      counters.add("http_errors");
      log.error({ err: error, method: request.method, path: request.url?.split("?", 1)[0] }, "request failed");
      sendError(response, 500, "internal_error", "Something went wrong on the server. It is in the server's log.");
    }
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    counters.add("http_requests");
    route(request, response).catch((error: unknown) => refuse(error, request, response));
  };
}
