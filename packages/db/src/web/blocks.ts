import {
  type BlockDetailDto,
  type BlockDto,
  type BlockSort,
  type BlockState,
  type BlocksPage,
  CREDITS_PAGE_SIZE,
  type CreditDto,
  type CreditsPage,
} from "@otedama/shared";
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
      `SELECT ${COLUMNS} FROM (SELECT hash, row_number() OVER () AS place FROM (
           SELECT b.hash FROM block b ${query.sort === "worker" ? "LEFT JOIN worker w ON w.id = b.worker_id" : ""}
            WHERE $1::block_state IS NULL OR b.state = $1
            ORDER BY ${ORDER[query.sort]} ${direction}, b.found_at DESC, b.hash LIMIT $2 OFFSET $3) sorted) page
         JOIN block b ON b.hash = page.hash LEFT JOIN worker w ON w.id = b.worker_id LEFT JOIN account a ON a.id = w.account_id
        ORDER BY page.place`,
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

interface BlockRow extends Omit<BlockDetailDto, "credits" | "submissions" | "moves" | "entries" | "policy" | "coinbase"> {
  policy_version: number | null;
  scheme: string | null;
  coinbase_text: string | null;
  template_node: string | null;
  template_at_ms: number | null;
  outputs: NonNullable<BlockDetailDto["coinbase"]>["outputs"];
}

/** A block can be credited, orphaned and credited anew many times; nobody reads further than this. */
const ENTRIES_MAX = 100;

/** Null when the pool found no such block. */
export async function getBlock(sql: Sql, hash: string): Promise<BlockDetailDto | null> {
  const [found, submissions, moves, entries, credits] = await Promise.all([
    sql.query<BlockRow>(
      `SELECT ${COLUMNS}, b.prev_hash, b.coinbase_txid, b.size_bytes, b.share_difficulty, b.round_work_hashes, b.instance_id,
              b.policy_version, p.policy ->> 'scheme' AS scheme, c.text AS coinbase_text, c.template_node, c.template_at AS template_at_ms,
              coalesce(c.outputs, '[]') AS outputs
         FROM ${TABLES} LEFT JOIN pool_policy p ON p.version = b.policy_version LEFT JOIN block_coinbase c ON c.block_hash = b.hash
        WHERE b.hash = $1`,
      [hash],
    ),
    sql.query<BlockDetailDto["submissions"][number]>(
      `SELECT node, result, answer, attempts, first_at AS first_at_ms, answered_at AS answered_at_ms, latency_ms
         FROM block_submission WHERE block_hash = $1 ORDER BY answered_at NULLS LAST, node`,
      [hash],
    ),
    sql.query<BlockDetailDto["moves"][number]>(
      `SELECT at AS at_ms, from_state, to_state, note FROM block_move WHERE block_hash = $1 ORDER BY id LIMIT ${ENTRIES_MAX}`,
      [hash],
    ),
    sql.query<BlockDetailDto["entries"][number]>(
      `SELECT e.id::text AS entry_id, e.created_at AS at_ms, e.cause, e.cause_key, e.block_hash, k.height AS block_height,
              coalesce(t.moved_sats, 0)::bigint AS moved_sats, coalesce(t.lines, 0) AS lines, e.person, e.approved_by, e.reason
         FROM ledger_entry e JOIN block k ON k.hash = e.block_hash LEFT JOIN ledger_entry_total t ON t.entry_id = e.id
        WHERE e.block_hash = $1 ORDER BY e.id LIMIT ${ENTRIES_MAX}`,
      [hash],
    ),
    listCredits(sql, hash, 1),
  ]);
  const row = found.rows[0];
  if (row === undefined) return null;
  const { policy_version, scheme, coinbase_text, template_node, template_at_ms, outputs, ...block } = row;
  return {
    ...block,
    policy: policy_version === null ? null : { version: policy_version, scheme: scheme ?? "" },
    coinbase: coinbase_text === null ? null : { text: coinbase_text, template_node, template_at_ms, outputs },
    submissions: submissions.rows,
    moves: moves.rows,
    entries: entries.rows,
    credits,
  };
}

/** What the block's newest credit gave, the largest parts first; nothing before it is credited. */
export async function listCredits(sql: Sql, hash: string, page: number): Promise<CreditsPage> {
  const parts = `ledger_posting p JOIN ledger_account l ON l.id = p.ledger_account_id
    WHERE l.kind <> 'coinbase' AND p.entry_id =
      (SELECT id FROM ledger_entry WHERE block_hash = $1 AND cause = 'block_credit' ORDER BY id DESC LIMIT 1)`;
  const [all, rows] = await Promise.all([
    sql.query<{ total: number; sum_sats: number }>(
      `SELECT count(*) AS total, coalesce(sum(p.amount_sats), 0)::bigint AS sum_sats FROM ${parts}`,
      [hash],
    ),
    sql.query<CreditDto>(
      `SELECT CASE WHEN kind::text LIKE 'miner%' THEN 'miner' WHEN kind::text LIKE 'fee%' THEN 'fee'
                   WHEN kind::text LIKE 'reserve%' THEN 'reserve' ELSE 'other' END AS kind,
              v.account_id, coalesce(a.address, '') AS account_address, v.amount_sats
         FROM (SELECT l.kind, l.account_id, l.id, p.amount_sats FROM ${parts}) AS v LEFT JOIN account a ON a.id = v.account_id
        ORDER BY v.amount_sats DESC, v.id LIMIT $2 OFFSET $3`,
      [hash, CREDITS_PAGE_SIZE, (page - 1) * CREDITS_PAGE_SIZE],
    ),
  ]);
  return { total: all.rows[0]?.total ?? 0, sum_sats: all.rows[0]?.sum_sats ?? 0, rows: rows.rows };
}
