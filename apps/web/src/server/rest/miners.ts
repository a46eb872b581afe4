/** Answers the API's questions about miners and receipts, within bounds for each client. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import type { Counters } from "../counters.ts";
import { readBody } from "../http/body.ts";
import type { ClientBounds } from "../http/client_bounds.ts";
import { sendError, sendJson } from "../http/respond.ts";
import { BusyError } from "../miners/bounded_cache.ts";
import { MinerError, type Miners } from "../miners/miners.ts";
import { MINER_ROUTES } from "./miner_routes.ts";

const BODY_BYTES_MAX = 32_768;
const HEADERS = {
  "cache-control": "no-store",
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
  "x-robots-tag": "noindex",
};
const STATUS: Record<MinerError["code"], number> = {
  bad_address: 400,
  unknown_miner: 404,
  no_receipt: 404,
  bad_threshold: 400,
  challenge_refused: 409,
  no_email: 400,
  bad_signature: 403,
  too_many_emails: 429,
  link_refused: 409,
};

export interface MinersHandlerDependencies {
  miners: Miners;
  reads: ClientBounds;
  writes: ClientBounds;
  addressOf: (request: IncomingMessage) => string;
  counters: Counters;
}

const ROUTES = MINER_ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`),
}));

export function createMinersHandler({ miners, reads, writes, addressOf, counters }: MinersHandlerDependencies) {
  function match(path: string) {
    for (const { route, pattern } of ROUTES) {
      const found = pattern.exec(path);
      if (found) return { route, parts: found.groups ?? {} };
    }
    return null;
  }

  async function answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const found = match(path);
    if (found === null) return sendError(response, 404, "not_found", "There is no such endpoint. See /api/v1/openapi.json.");
    const { route, parts } = found;
    const allowed = route.method === "get" ? ["GET", "HEAD"] : ["POST"];
    if (!allowed.includes(request.method ?? "")) {
      return sendError(response, 405, "method_not_allowed", `Use ${allowed[0]} here.`, { allow: allowed.join(", ") });
    }
    if (!(route.method === "get" ? reads : writes).take(addressOf(request))) {
      counters.add("miners_limited");
      return sendError(response, 429, "too_many_requests", "Too many requests from your address. Wait a moment.", {
        ...HEADERS,
        "retry-after": route.method === "get" ? "2" : "30",
      });
    }
    const query = Object.fromEntries(new URL(request.url ?? "/", "http://localhost").searchParams);
    const parameters = { ...route.path_schema.parse(decodeParts(parts)), ...route.query_schema.parse(query) };
    const body = route.body_schema?.parse(parseJson((await readBody(request, BODY_BYTES_MAX)).toString("utf8")));
    const value = await route.answerTo(miners, parameters, body);
    if (route.answer !== null) return sendJson(response, 200, value, HEADERS);
    const bytes = value as Uint8Array;
    response.writeHead(200, { ...HEADERS, "content-type": "application/octet-stream", "content-length": bytes.length });
    response.end(request.method === "HEAD" ? undefined : bytes);
  }

  return {
    serves: (path: string) => path.startsWith("/api/v1/miners/") || /^\/api\/v1\/blocks\/[^/]+\/receipt$/.test(path),
    async handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
      try {
        await answer(request, response, path);
      } catch (error) {
        if (error instanceof MinerError) {
          if (error.code === "bad_signature" || error.code === "challenge_refused") counters.add("miner_settings_refused");
          const { code, message, field } = error;
          sendJson(response, STATUS[code], { code, message, ...(field === null ? {} : { field }) }, HEADERS);
        } else if (error instanceof BusyError) {
          sendError(response, 503, "busy", error.message, { ...HEADERS, "retry-after": "2" });
        } else if (error instanceof z.ZodError) {
          const issue = error.issues[0];
          const field = issue?.path.join(".") ?? "";
          const message = `${field === "" ? "the request" : field}: ${issue?.message ?? "is wrong"}`;
          sendJson(response, 400, { code: "bad_request", message, ...(field === "" ? {} : { field }) }, HEADERS);
        } else throw error;
      }
    },
  };
}

/** A part that is not well encoded is itself, and then no address or hash. */
function decodeParts(parts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parts).map(([name, text]) => {
      try {
        return [name, decodeURIComponent(text)];
      } catch {
        return [name, text];
      }
    }),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new z.ZodError([{ code: "custom", path: [], message: "must be JSON", input: text }]);
  }
}
