import { createDocument } from "zod-openapi";
import { KEYED_ROUTES, SCOPE_MEANINGS } from "./keyed/routes.ts";
import { MINER_ROUTES } from "./miner_routes.ts";
import { ROUTES, TEXT_ROUTES } from "./routes.ts";
import { ApiError, StatsFrame } from "./schemas.ts";

/** OpenAPI 3.1 of the public API, made from the schemas that the tests hold its answers against. */
export function openApiDocument(version: string, public_url: string) {
  const error = (description: string) => ({ description, content: { "application/json": { schema: ApiError } } });
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "Otedama",
      version,
      description:
        "Figures of this pool and of its miners. Needs no sign-in, but for the endpoints with a scope: those need an API key that has it, sent as `Authorization: Bearer KEY`. A miner's settings are changed by a message signed with its address's key. Times are Unix milliseconds, amounts satoshis.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: public_url }],
    components: {
      securitySchemes: {
        key: {
          type: "http",
          scheme: "bearer",
          description: `An API key, made under Settings. Its scopes: ${Object.entries(SCOPE_MEANINGS)
            .map(([scope, meaning]) => `\`${scope}\`: ${meaning}`)
            .join(" ")}`,
        },
      },
    },
    paths: {
      ...Object.fromEntries(
        ROUTES.map(({ path, summary, description, answer }) => [
          path,
          {
            get: {
              operationId: operationId(path),
              summary,
              description,
              responses: {
                "200": { description: summary, content: { "application/json": { schema: answer } } },
                "405": error("Another method than GET or HEAD."),
                "500": error("A fault of the server."),
              },
            },
          },
        ]),
      ),
      ...Object.fromEntries(
        [...new Set(KEYED_ROUTES.map((route) => route.path))].map((path) => [
          path,
          Object.fromEntries(
            KEYED_ROUTES.filter((route) => route.path === path).map(
              ({ method, scope, summary, numbers, texts, body, answer }) => [
                method,
                {
                  operationId: method === "get" ? operationId(path) : `${operationId(path)}Post`,
                  summary,
                  description: `Scope: \`${scope}\`.`,
                  security: [{ key: [] }],
                  parameters: [...numbers, ...texts].map((name) => ({
                    name,
                    in: path.includes(`{${name}}`) ? ("path" as const) : ("query" as const),
                    required: path.includes(`{${name}}`),
                    schema: { type: numbers.includes(name) ? ("integer" as const) : ("string" as const) },
                  })),
                  ...(body && { requestBody: { content: { "application/json": { schema: body } } } }),
                  responses: {
                    "200": { description: summary, content: { "application/json": { schema: answer } } },
                    "400": error("A parameter is wrong; `field` names it."),
                    "401": error("No key, or one that does not work (any more)."),
                    "403": error("The key's scopes or its person's role do not allow it."),
                    "404": error("There is no such thing."),
                    ...(body && { "409": error("What was looked at has changed since.") }),
                    "429": error("The key asked too often; see `retry-after`."),
                    "503": error("The database is away."),
                  },
                },
              ],
            ),
          ),
        ]),
      ),
      ...Object.fromEntries(
        MINER_ROUTES.map((route) => [
          route.path,
          {
            [route.method]: {
              operationId: operationId(route.path),
              summary: route.summary,
              description: route.description,
              requestParams: { path: route.path_schema, query: route.query_schema },
              ...(route.body_schema && { requestBody: { content: { "application/json": { schema: route.body_schema } } } }),
              responses: {
                "200": {
                  description: route.summary,
                  content:
                    route.answer === null
                      ? { "application/octet-stream": { schema: { type: "string" as const, format: "binary" } } }
                      : { "application/json": { schema: route.answer } },
                },
                "400": error("No address of this network, or another part of the request is wrong."),
                "404": error("Nobody has mined to the address, or the block has no receipt."),
                ...(route.method === "post" && {
                  "403": error("The signature is not the address's."),
                  "409": error("The challenge was used, has expired, or is not the one that was given out."),
                }),
                "429": error("Too many requests from one address."),
                "503": error("The database does not answer, or too many ask at once."),
              },
            },
          },
        ]),
      ),
      ...Object.fromEntries(
        TEXT_ROUTES.map(({ path, summary, description, content_type }) => [
          path,
          {
            get: {
              operationId: operationId(path),
              summary,
              description,
              responses: {
                "200": {
                  description: summary,
                  content: { [content_type.split(";", 1)[0] ?? ""]: { schema: { type: "string" as const } } },
                },
                "405": error("Another method than GET or HEAD."),
                "503": error("The database is away."),
              },
            },
          },
        ]),
      ),
      "/ws": {
        get: {
          operationId: "ws",
          summary: "The main figures, pushed",
          description:
            "A WebSocket. The server sends a frame at once and then at most two a second, whenever figures change; what a client sends is ignored.",
          responses: {
            "101": { description: "Each text frame is one of these.", content: { "application/json": { schema: StatsFrame } } },
            "503": error("Too many clients."),
          },
        },
      },
    },
  });
}

function operationId(path: string): string {
  const words = path
    .replace("/api/v1", "")
    .split(/[/{}.]/)
    .filter(Boolean);
  return words.map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join("");
}
