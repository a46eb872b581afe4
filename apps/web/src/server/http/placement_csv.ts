/**
 * `GET /api/fleet/placement.csv`: where every rig stands. `POST` takes the same table back, all of it or nothing; with `?dry_run=1` it only says
 * what it would do. For the person of the session cookie: everybody may read, owners and operators may change.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { importPlacement, readPlacement } from "@otedama/db/web";
import { PLACEMENT_COLUMNS, PLACEMENT_ROWS_MAX, type PlacementImportDto } from "@otedama/shared";
import type { Services } from "../services.ts";
import { SECOND_FACTOR_DUE } from "../trpc/procedure.ts";
import { readBody } from "./body.ts";
import type { ClientAddress } from "./client_address.ts";
import { cookieHeaders } from "./cookies.ts";
import { CsvError, csvCell, fromSpreadsheet, parseCsv } from "./csv.ts";
import { sendError, sendJson, sendText } from "./respond.ts";

export const PLACEMENT_PATH = "/api/fleet/placement.csv";
const BODY_BYTES_MAX = 8_000_000;
const CELLS_MAX = 32;

export function createPlacementCsv(services: Services, dependencies: { addressOf: ClientAddress }) {
  const { database, fleet } = services;

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const writes = request.method === "POST";
    if (!writes && request.method !== "GET")
      return sendError(response, 405, "method_not_allowed", "Use GET or POST.", { allow: "GET, POST" });
    const me = (await services.signedIn(cookieHeaders(request)))?.me;
    if (!me) return sendError(response, 401, "unauthorized", "Sign in first.");
    if (me.second_factor_due) return sendError(response, 403, "forbidden", SECOND_FACTOR_DUE);
    if (!writes) return sendTable(response);
    if (me.role !== "owner" && me.role !== "operator") {
      return sendError(response, 403, "forbidden", `This needs one of these roles: owner, operator. Yours is ${me.role}.`);
    }
    const text = (await readBody(request, BODY_BYTES_MAX)).toString("utf8");
    let lines: ReturnType<typeof linesOf>;
    try {
      lines = linesOf(parseCsv(text, { rows_max: PLACEMENT_ROWS_MAX + 1, cells_max: CELLS_MAX }));
    } catch (error) {
      if (error instanceof CsvError) return sendError(response, 400, "bad_csv", `The table cannot be read: ${error.message}.`);
      throw error;
    }
    const apply = new URL(request.url ?? "/", "http://x").searchParams.get("dry_run") !== "1";
    const actor = { id: me.id, address: dependencies.addressOf(request) };
    const { done, agent_ids } = await importPlacement(database.sql, actor, lines, { apply });
    if (done.applied) fleet.written(agent_ids);
    sendJson(response, apply && !done.applied ? 422 : 200, done satisfies PlacementImportDto, { "cache-control": "no-store" });
  };

  async function sendTable(response: ServerResponse): Promise<void> {
    const rigs = await readPlacement(database.sql);
    const rows = rigs.map((rig) => [
      rig.id,
      rig.name,
      rig.site,
      rig.building ?? "",
      rig.rack ?? "",
      rig.slot === null ? "" : String(rig.slot),
      rig.groups.join(";"),
    ]);
    const text = [PLACEMENT_COLUMNS, ...rows].map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("");
    sendText(response, 200, text, {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": 'attachment; filename="placement.csv"',
      "cache-control": "no-store",
    });
  }
}

type Column = (typeof PLACEMENT_COLUMNS)[number];

/** Columns in any order, by their names. Throws a CsvError. */
function linesOf([head, ...rows]: string[][]) {
  if (head === undefined) throw new CsvError(`it is empty: its first line must be ${PLACEMENT_COLUMNS.join(",")}`);
  const places = new Map(head.map((name, index) => [name.trim().toLowerCase(), index]));
  const unknown = [...places.keys()].find((name) => !PLACEMENT_COLUMNS.some((column) => column === name));
  if (unknown !== undefined) throw new CsvError(`line 1: there is no column "${unknown}"; use ${PLACEMENT_COLUMNS.join(", ")}`);
  if (!places.has("site")) throw new CsvError("line 1: the column site is missing");
  if (!places.has("rig_id") && !places.has("rig")) throw new CsvError("line 1: a column rig_id or rig must say which rig it is");
  return rows.map((cells, index) => {
    const of = (column: Column): string => fromSpreadsheet(cells[places.get(column) ?? -1] ?? "").trim();
    return {
      line: index + 2,
      rig_id: of("rig_id"),
      rig: of("rig"),
      site: of("site"),
      building: of("building"),
      rack: of("rack"),
      slot: of("slot"),
      groups: places.has("groups") ? of("groups") : null,
    };
  });
}
