import { SEARCH_ROWS_MAX, type SearchDto } from "@otedama/shared";
import type { Sql } from "./database.ts";
import { containsPattern } from "./like.ts";
import { RIG_COLUMNS, RIG_TABLES } from "./rigs.ts";
import { WORKER_COLUMNS, WORKER_TABLES, workersFound } from "./workers.ts";

/** The few best matches of each kind. A block is found by its height or by the beginning of its hash, with or without leading zeros. */
export async function searchEverything(sql: Sql, text: string): Promise<SearchDto> {
  const pattern = containsPattern(text);
  const height = /^\d{1,9}$/.test(text) ? Number(text) : null;
  const hash = /^[0-9a-fA-F]{4,64}$/.test(text) ? `%${text.toLowerCase()}%` : null;
  const found_params: unknown[] = [];
  const found = workersFound(text, (value) => `$${found_params.push(value)}`);
  const [rigs, workers, blocks, accounts] = await Promise.all([
    sql.query<SearchDto["rigs"][number]>(
      `SELECT id, name, hello ->> 'hostname' AS hostname, state
         FROM (SELECT ${RIG_COLUMNS} FROM ${RIG_TABLES} WHERE g.name ILIKE $1 OR g.hello ->> 'hostname' ILIKE $1) found
        ORDER BY lower(name), id LIMIT ${SEARCH_ROWS_MAX}`,
      [pattern],
    ),
    sql.query<SearchDto["workers"][number]>(
      `SELECT id, name, account_address, state
         FROM (SELECT ${WORKER_COLUMNS} FROM ${WORKER_TABLES} WHERE w.id IN (${found})) found
        ORDER BY m15 DESC, id LIMIT ${SEARCH_ROWS_MAX}`,
      found_params,
    ),
    sql.query<SearchDto["blocks"][number]>(
      `SELECT hash, height, state, found_at AS found_at_ms FROM block
        WHERE height = $1 OR hash LIKE $2 ORDER BY found_at DESC LIMIT ${SEARCH_ROWS_MAX}`,
      [height, hash],
    ),
    sql.query<SearchDto["accounts"][number]>(
      `SELECT id AS account_id, address FROM account WHERE address ILIKE $1 ORDER BY id LIMIT ${SEARCH_ROWS_MAX}`,
      [pattern],
    ),
  ]);
  return { rigs: rigs.rows, workers: workers.rows, blocks: blocks.rows, accounts: accounts.rows };
}
