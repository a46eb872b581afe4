/** RFC 4180, read and written. */

export class CsvError extends Error {}

/** Rows of cells; an empty last line is none. Throws a CsvError that names the line. */
export function parseCsv(text: string, options: { rows_max: number; cells_max: number }): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const endCell = () => {
    row.push(cell);
    cell = "";
    if (row.length > options.cells_max)
      throw new CsvError(`line ${rows.length + 1}: it has more than ${options.cells_max} columns`);
  };
  const endRow = () => {
    endCell();
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
    if (rows.length > options.rows_max) throw new CsvError(`it has more than ${options.rows_max} lines`);
  };
  const source = text.startsWith("\ufeff") ? text.slice(1) : text;
  for (let at = 0; at < source.length; at++) {
    const character = source[at];
    if (quoted) {
      if (character !== '"') cell += character;
      else if (source[at + 1] === '"') {
        cell += '"';
        at++;
      } else quoted = false;
    } else if (character === '"' && cell === "") quoted = true;
    else if (character === ",") endCell();
    else if (character === "\n") endRow();
    else if (character !== "\r") cell += character;
  }
  if (quoted) throw new CsvError(`line ${rows.length + 1}: a quotation mark is never closed`);
  if (cell !== "" || row.length > 0) endRow();
  return rows;
}

/** What a spreadsheet would run as a formula gets an apostrophe before it; `fromSpreadsheet` takes it off again. */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r']/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const fromSpreadsheet = (cell: string): string => (/^'[=+\-@\t\r']/.test(cell) ? cell.slice(1) : cell);
