import { createDocument } from "zod-openapi";
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
        "Public figures of this pool. Needs no sign-in and changes nothing. Times are Unix milliseconds, amounts satoshis.",
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
  const words = path.replace("/api/v1", "").split(/[/.]/).filter(Boolean);
  return words.map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join("");
}
