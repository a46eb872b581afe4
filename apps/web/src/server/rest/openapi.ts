import { createDocument } from "zod-openapi";
import { KEYED_ROUTES, SCOPE_MEANINGS } from "./keyed/routes.ts";
import { ROUTES } from "./routes.ts";
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
        "Figures of this pool. Nothing here changes anything. Times are Unix milliseconds, amounts satoshis. Endpoints with a scope need an API key that has it: `Authorization: Bearer KEY`.",
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
        KEYED_ROUTES.map(({ path, scope, summary, numbers, texts, answer }) => [
          path,
          {
            get: {
              operationId: operationId(path),
              summary,
              description: `Scope: \`${scope}\`.`,
              security: [{ key: [] }],
              parameters: [...numbers, ...texts].map((name) => ({
                name,
                in: path.includes(`{${name}}`) ? ("path" as const) : ("query" as const),
                required: path.includes(`{${name}}`),
                schema: { type: numbers.includes(name) ? ("integer" as const) : ("string" as const) },
              })),
              responses: {
                "200": { description: summary, content: { "application/json": { schema: answer } } },
                "400": error("A parameter is wrong; `field` names it."),
                "401": error("No key, or one that does not work (any more)."),
                "403": error("The key's scopes or its person's role do not allow it."),
                "404": error("There is no such thing."),
                "429": error("The key asked too often; see `retry-after`."),
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
  const words = path.replace("/api/v1", "").replaceAll(/[{}]/g, "").split("/").filter(Boolean);
  return words.map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join("");
}
