import type { IncomingMessage, ServerResponse } from "node:http";
import { TRPCError } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { ZodError, type z } from "zod";
import type { Counters } from "../../counters.ts";
import { readBody } from "../../http/body.ts";
import type { ClientAddress } from "../../http/client_address.ts";
import { sendError, sendJson } from "../../http/respond.ts";
import type { Services } from "../../services.ts";
import { createCaller } from "../../trpc/router.ts";
import type { ApiKeys } from "./api_keys.ts";
import { KEYED_ROUTES, type KeyedRoute } from "./routes.ts";

export interface KeyedHandlerDependencies {
  services: Services;
  keys: ApiKeys;
  counters: Counters;
  addressOf: ClientAddress;
}

const BODY_BYTES_MAX = 262_144;

interface Match {
  route: KeyedRoute;
  parts: Record<string, string>;
}

const PATTERNS = KEYED_ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]{1,200})")}$`),
}));

/** The endpoint behind a path and method; the methods that the path has where this is none of them, none where there is no such path. */
export function keyedRoute(path: string, method: string): { found: Match } | { methods: string[] } {
  const methods: string[] = [];
  for (const { route, pattern } of PATTERNS) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const own = route.method === "get" ? ["GET", "HEAD"] : ["POST"];
    if (own.includes(method)) return { found: { route, parts: { ...match.groups } } };
    methods.push(...own);
  }
  return { methods };
}

export function createKeyedHandler(dependencies: KeyedHandlerDependencies) {
  const { services, keys, counters, addressOf } = dependencies;
  return async (request: IncomingMessage, response: ServerResponse, { route, parts }: Match): Promise<void> => {
    const admitted = await keys.admit(request, addressOf(request));
    if ("refused" in admitted) {
      counters.add("api_key_refused");
      const { status, code, message, headers } = admitted.refused;
      return sendError(response, status, code, message, headers);
    }
    const { holder } = admitted;
    if (!holder.scopes.includes(route.scope)) {
      counters.add("api_key_refused");
      return sendError(response, 403, "scope_needed", `This key lacks the scope ${route.scope}.`);
    }
    const input =
      route.body === undefined
        ? inputOf(route, parts, new URL(request.url ?? "/", "http://x").searchParams)
        : bodyOf(route.body, await readBody(request, BODY_BYTES_MAX));
    if ("problem" in input) return sendJson(response, 400, { code: "bad_request", ...input.problem });
    const caller = createCaller({ services, me: holder.me, session_id: null, api_key_id: holder.id, address: holder.address });
    try {
      sendJson(response, 200, await route.call(caller, input.values as never), { "cache-control": "no-store" });
    } catch (error) {
      if (!(error instanceof TRPCError) || error.code === "INTERNAL_SERVER_ERROR") throw error;
      const issue = error.cause instanceof ZodError ? error.cause.issues[0] : undefined;
      sendJson(response, getHTTPStatusCodeFromError(error), {
        code: error.code.toLowerCase(),
        message: issue === undefined ? error.message : `${issue.path.join(".")}: ${issue.message}`,
        ...(issue === undefined ? {} : { field: issue.path.join(".") }),
      });
    }
  };
}

/** What was posted, held against the schema here, so that the first wrong field is named as behind the `?`. */
function bodyOf(schema: z.ZodType, bytes: Buffer): Input {
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString("utf8"));
  } catch {
    return { problem: { field: "", message: "the body: must be JSON" } };
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return { values: parsed.data as Record<string, unknown> };
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".") ?? "";
  return { problem: { field, message: `${field || "the body"}: ${issue?.message ?? "is wrong"}` } };
}

type Input = { values: Record<string, unknown> } | { problem: { message: string; field: string } };

/** The text of an address as the procedure's input. */
function inputOf(route: KeyedRoute, parts: Record<string, string>, query: URLSearchParams): Input {
  const values: Record<string, unknown> = {};
  const given: [string, string][] = [];
  for (const [name, value] of Object.entries(parts)) {
    try {
      given.push([name, decodeURIComponent(value)]);
    } catch {
      return { problem: { field: name, message: `${name}: is not well encoded` } };
    }
  }
  for (const [name, value] of [...given, ...query]) {
    if (Object.hasOwn(values, name)) return { problem: { field: name, message: `${name}: is given twice` } };
    if (route.numbers.includes(name)) {
      if (!/^-?\d{1,16}$/.test(value)) return { problem: { field: name, message: `${name}: must be a whole number` } };
      values[name] = Number(value);
    } else if (route.texts.includes(name)) {
      values[name] = value;
    } else {
      return { problem: { field: name.slice(0, 64), message: `${name.slice(0, 64)}: is not known here` } };
    }
  }
  return { values };
}
