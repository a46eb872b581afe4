import type { IncomingMessage, ServerResponse } from "node:http";
import { isDatabaseAway } from "@otedama/db/web";
import { sendError, sendJson, sendText } from "../http/respond.ts";
import { type createKeyedHandler, keyedRoute } from "./keyed/handler.ts";
import type { createMinersHandler } from "./miners.ts";
import { openApiDocument } from "./openapi.ts";
import type { PublicFigures } from "./public_figures.ts";
import { ROUTES, TEXT_ROUTES } from "./routes.ts";

/** Public figures may be shown by any page, so any origin may read them. */
const HEADERS = {
  "cache-control": "no-store",
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
};

export function createRestHandler(
  options: { version: string; public_url: string },
  dependencies: {
    figures: PublicFigures;
    keyed: ReturnType<typeof createKeyedHandler>;
    miners: ReturnType<typeof createMinersHandler>;
  },
) {
  const readers = new Map(ROUTES.map((route) => [route.path, () => route.read(dependencies.figures)]));
  const document = openApiDocument(options.version, options.public_url);
  const openapi = async () => document;
  readers.set("/api/v1/openapi.json", openapi);
  readers.set("/api/openapi.json", openapi);

  return {
    serves: (path: string) =>
      path === "/health" || path === "/api/openapi.json" || path === "/api/v1" || path.startsWith("/api/v1/"),
    async handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
      if (dependencies.miners.serves(path)) return dependencies.miners.handle(request, response, path);
      const read = readers.get(path);
      const text = TEXT_ROUTES.find((route) => route.path === path);
      if (read === undefined && text === undefined) {
        const keyed = keyedRoute(path, request.method ?? "");
        if ("found" in keyed) return dependencies.keyed(request, response, keyed.found);
        if (keyed.methods.length > 0) return refuseMethod(response, keyed.methods);
        return sendError(response, 404, "not_found", "There is no such endpoint. See /api/v1/openapi.json.");
      }
      if (request.method !== "GET" && request.method !== "HEAD") return refuseMethod(response, ["GET", "HEAD"]);
      try {
        if (read !== undefined) sendJson(response, 200, await read(), HEADERS);
        else if (text !== undefined) {
          const disposition =
            text.file_name === null ? {} : { "content-disposition": `attachment; filename="${text.file_name}"` };
          const written = await text.write(dependencies.figures);
          sendText(response, 200, written, { ...HEADERS, ...disposition, "content-type": text.content_type });
        }
      } catch (error) {
        if (!isDatabaseAway(error)) throw error;
        sendError(response, 503, "unavailable", "The database is away: try again in a moment.", { "retry-after": "5" });
      }
    },
  };
}

function refuseMethod(response: ServerResponse, methods: readonly string[]): void {
  const allow = methods.join(", ");
  sendError(response, 405, "method_not_allowed", `This endpoint takes ${allow} only.`, { allow });
}
