import type { BlockDetailDto, BlockDto, BlockSort, BlockState, BlocksPage, CreditDto } from "@otedama/shared";
import type { Sql } from "./database.ts";

const COLUMNS = `
  b.hash, b.height, b.state, b.found_at AS found_at_ms, b.confirmations, b.maturity_confirmations, b.reward_sats, b.fees_sats,
  b.network_difficulty, b.effort, b.transactions, b.worker_id, coalesce(w.name, '') AS worker_name,
  coalesce(a.address, '') AS account_address, b.note`;
const TABLES = "block b LEFT JOIN worker w ON w.id = b.worker_id LEFT JOIN account a ON a.id = w.account_id";
const NEWEST_FIRST = "ORDER BY b.found_at DESC, b.hash";

const ORDER: Record<BlockSort, string> = {
  height: "b.height",
  state: "b.state",
  effort: "b.effort",
  reward: "b.reward_sats",
  worker: "lower(coalesce(w.name, ''))",
  found: "b.found_at",
};

export async function listBlocks(
  sql: Sql,
  query: { state: BlockState | null; sort: BlockSort; dir: "asc" | "desc"; page: number; page_size: number },
): Promise<BlocksPage> {
  const direction = query.dir === "asc" ? "ASC" : "DESC";
  const [count, page] = await Promise.all([
    sql.query<{ total: number }>("SELECT count(*) AS total FROM block b WHERE $1::block_state IS NULL OR b.state = $1", [
      query.state,
    ]),
    sql.query<BlockDto>(
      `SELECT ${COLUMNS} FROM ${TABLES} WHERE $1::block_state IS NULL OR b.state = $1
        ORDER BY ${ORDER[query.sort]} ${direction}, b.found_at DESC, b.hash LIMIT $2 OFFSET $3`,
      [query.state, query.page_size, (query.page - 1) * query.page_size],
    ),
  ]);
  return { total: count.rows[0]?.total ?? 0, rows: page.rows };
}

export async function blocksOfWorker(sql: Sql, worker_id: number): Promise<BlockDto[]> {
  const found = await sql.query<BlockDto>(`SELECT ${COLUMNS} FROM ${TABLES} WHERE b.worker_id = $1 ${NEWEST_FIRST} LIMIT 20`, [
    worker_id,
  ]);
  return found.rows;
}

/** Null when the pool found no such block. Credits are what the block's own entry gave: none before it is credited. */
export async function getBlock(sql: Sql, hash: string): Promise<BlockDetailDto | null> {
  const [found, credits] = await Promise.all([
    sql.query<Omit<BlockDetailDto, "credits">>(
      `SELECT ${COLUMNS}, b.prev_hash, b.coinbase_txid, b.size_bytes, b.share_difficulty, b.round_work_hashes
         FROM ${TABLES} WHERE b.hash = $1`,
      [hash],
    ),
    sql.query<CreditDto>(
      `SELECT CASE WHEN l.kind = 'fee_pending' THEN 'fee' ELSE 'miner' END AS kind, l.account_id,
              coalesce(a.address, '') AS account_address, p.amount_sats
         FROM ledger_entry e
         JOIN ledger_posting p ON p.entry_id = e.id
         JOIN ledger_account l ON l.id = p.ledger_account_id
         LEFT JOIN account a ON a.id = l.account_id
        WHERE e.cause = 'block_credit' AND e.block_hash = $1 AND l.kind IN ('miner_pending', 'fee_pending')
        ORDER BY kind DESC, p.amount_sats DESC, l.id
        LIMIT 1000`,
      [hash],
    ),
  ]);
  const block = found.rows[0];
  return block === undefined ? null : { ...block, credits: credits.rows };
}
