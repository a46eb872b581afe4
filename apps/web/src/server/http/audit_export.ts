/**
 * `GET /api/audit.csv` and `/api/audit.json` (JSON Lines would be unreadable for most tools: it is one array), for the person of the
 * session cookie, with the filters of the screen. Streamed a page at a time, so that an export of any length takes the memory of one
 * page; bounded, so that none keeps the database busy for ever.
 */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { countAudit, listAudit } from "@otedama/db/web";
import { type AuditLineDto, AuditQuery } from "@otedama/shared";
import type { Services } from "../services.ts";
import { AUDIT_ROLES } from "../trpc/audit/list.ts";
import { SECOND_FACTOR_DUE } from "../trpc/procedure.ts";
import { cookieHeaders } from "./cookies.ts";
import { csvCell } from "./csv.ts";
import { sendError, sendJson } from "./respond.ts";

export const EXPORT_LINES_MAX = 250_000;
const PAGE_SIZE = 200;
const COLUMNS = ["id", "time", "actor", "actor_name", "actor_email", "action", "subject", "details"] as const;

const FORMATS = {
  "/api/audit.csv": { type: "text/csv; charset=utf-8", name: "audit.csv" },
  "/api/audit.json": { type: "application/json; charset=utf-8", name: "audit.json" },
} as const;
type ExportPath = keyof typeof FORMATS;

export const isAuditExport = (path: string): path is ExportPath => Object.hasOwn(FORMATS, path);

export function createAuditExport(services: Services) {
  return async (request: IncomingMessage, response: ServerResponse, path: ExportPath): Promise<void> => {
    if (request.method !== "GET") return sendError(response, 405, "method_not_allowed", "Use GET.", { allow: "GET" });
    const me = (await services.signedIn(cookieHeaders(request)))?.me;
    if (!me) return sendError(response, 401, "unauthorized", "Sign in first.");
    if (me.second_factor_due) return sendError(response, 403, "forbidden", SECOND_FACTOR_DUE);
    if (!AUDIT_ROLES.some((role) => role === me.role)) {
      return sendError(
        response,
        403,
        "forbidden",
        `This needs one of these roles: ${AUDIT_ROLES.join(", ")}. Yours is ${me.role}.`,
      );
    }
    const parsed = AuditQuery.safeParse(queryOf(new URL(request.url ?? "/", "http://x").searchParams));
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const field = issue?.path.join(".") ?? "";
      return sendJson(response, 400, { code: "bad_request", message: `${field}: ${issue?.message}`, field });
    }
    const { sql } = services.database;
    if ((await countAudit(sql, parsed.data, EXPORT_LINES_MAX)) > EXPORT_LINES_MAX) {
      const message = `This is more than ${EXPORT_LINES_MAX} lines. Choose a shorter time and export in parts.`;
      return sendError(response, 400, "too_many_lines", message);
    }
    const { type, name } = FORMATS[path];
    const csv = path === "/api/audit.csv";
    response.writeHead(200, {
      "content-type": type,
      "content-disposition": `attachment; filename="${name}"`,
      "cache-control": "no-store",
    });
    response.write(csv ? `${COLUMNS.join(",")}\r\n` : "[");
    let before_id: number | null = parsed.data.before_id;
    let first = true;
    do {
      const page: Awaited<ReturnType<typeof listAudit>> = await listAudit(sql, {
        ...parsed.data,
        before_id,
        page_size: PAGE_SIZE,
      });
      const text = page.rows.map((line, index) =>
        csv ? csvLine(line) : `${first && index === 0 ? "\n" : ",\n"}${JSON.stringify(line)}`,
      );
      first &&= page.rows.length === 0;
      if (!response.write(text.join(""))) await Promise.race([once(response, "drain"), once(response, "close")]);
      before_id = page.next_before_id;
    } while (before_id !== null && !response.destroyed);
    response.end(csv ? "" : "\n]\n");
  };
}

function queryOf(params: URLSearchParams): Record<string, unknown> {
  const numbers = new Set(["from_ms", "to_ms"]);
  return Object.fromEntries(
    [...params].map(([name, value]) => [name, numbers.has(name) && /^\d+$/.test(value) ? Number(value) : value]),
  );
}

function csvLine(line: AuditLineDto): string {
  const cells = [
    String(line.id),
    new Date(line.at_ms).toISOString(),
    line.actor,
    line.actor_name ?? "",
    line.actor_email ?? "",
    line.action,
    line.subject,
    JSON.stringify(line.details),
  ];
  return `${cells.map(csvCell).join(",")}\r\n`;
}
