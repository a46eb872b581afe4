import { createDocument } from "zod-openapi";
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
        "Public figures of this pool and of its miners. Needs no sign-in; a miner's settings are changed by a message signed with its address's key. Times are Unix milliseconds, amounts satoshis.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: public_url }],
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
