/**
 * `/api/payouts/export.csv` and `.json`: every payment, for who is signed in. Read page by page and written as fast as the other side
 * reads, so that an export of any length holds one page in memory.
 */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { historyCsvHeader, historyCsvLine, listPayoutHistory } from "@otedama/db/payouts";
import type { PayoutHistoryDto } from "@otedama/shared";
import type { Services } from "../services.ts";
import { SECOND_FACTOR_DUE } from "../trpc/procedure.ts";
import { cookieHeaders } from "./cookies.ts";
import { sendError } from "./respond.ts";

const PREFIX = "/api/payouts/export.";
const PAGE_ROWS = 1_000;
/** Longer histories are exported in parts, by `from_ms` and `to_ms`. */
const ROWS_MAX = 1_000_000;

type Format = { type: string; head: string; line: (row: PayoutHistoryDto, first: boolean) => string; foot: string };

const FORMATS: Readonly<Record<string, Format>> = {
  csv: { type: "text/csv; charset=utf-8", head: historyCsvHeader(), line: historyCsvLine, foot: "" },
  json: {
    type: "application/json; charset=utf-8",
    head: "[",
    line: (row, first) => `${first ? "" : ","}\n${JSON.stringify(row)}`,
    foot: "\n]\n",
  },
};

export function createPayoutsExport(services: Pick<Services, "database" | "whoIs">) {
  return {
    serves: (path: string) => path.startsWith(PREFIX),
    async handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
      const name = path.slice(PREFIX.length);
      const format = FORMATS[name];
      if (format === undefined) return sendError(response, 404, "not_found", "There are export.csv and export.json.");
      if (request.method !== "GET") return sendError(response, 405, "method_not_allowed", "Use GET.", { allow: "GET" });
      const me = await services.whoIs(cookieHeaders(request));
      if (me === null) return sendError(response, 401, "unauthorized", "Sign in first.");
      if (me.second_factor_due) return sendError(response, 403, "forbidden", SECOND_FACTOR_DUE);
      const asked = new URL(request.url ?? "/", "http://localhost").searchParams;
      const range = { from_ms: moment(asked.get("from_ms")), to_ms: moment(asked.get("to_ms")) };
      for (const [field, value] of Object.entries(range)) {
        if (Number.isNaN(value)) return sendError(response, 400, "bad_request", `${field}: must be milliseconds since 1970.`);
      }
      await write(response, name, format, range);
    },
  };

  async function write(
    response: ServerResponse,
    name: string,
    format: Format,
    range: { from_ms: number | undefined; to_ms: number | undefined },
  ): Promise<void> {
    const { sql } = services.database;
    const query = {
      ...(range.from_ms === undefined ? {} : { from_ms: range.from_ms }),
      ...(range.to_ms === undefined ? {} : { to_ms: range.to_ms }),
      limit: PAGE_ROWS,
    };
    // The first page comes before the headers: a database that is away is told as an error, not as half a file.
    let rows = await listPayoutHistory(sql, query);
    response.writeHead(200, {
      "content-type": format.type,
      "content-disposition": `attachment; filename="payouts.${name}"`,
      "cache-control": "no-store",
    });
    response.write(format.head);
    let written = 0;
    while (rows.length > 0 && written < ROWS_MAX && !response.destroyed) {
      const text = rows.map((row, index) => format.line(row, written + index === 0)).join("");
      written += rows.length;
      if (!response.write(text)) await Promise.race([once(response, "drain"), once(response, "close")]);
      const last = rows.at(-1);
      if (rows.length < PAGE_ROWS || last === undefined) break;
      rows = await listPayoutHistory(sql, { ...query, before: { batch_id: last.batch_id, account_id: last.account_id } });
    }
    response.end(format.foot);
  }
}

function moment(text: string | null): number | undefined {
  if (text === null) return undefined;
  const at_ms = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  return at_ms <= 253_402_300_799_999 ? at_ms : Number.NaN;
}
