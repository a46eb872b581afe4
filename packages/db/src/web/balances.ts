import type { AccountDetailDto, BalanceDto, BalanceSort, BalancesDto, LedgerLineDto } from "@otedama/shared";
import type { Sql } from "./database.ts";
import { explainAccount } from "./ledger.ts";
import { containsPattern } from "./like.ts";

const LINES_MAX = 500;

const COLUMNS = `
  a.id AS account_id, a.address, b.pending_sats, b.available_sats, b.paying_sats, b.paid_sats, b.workers,
  b.credited_at AS last_credit_at_ms`;
/** Balances are kept by triggers in the transaction of each posting, so they are sums of postings at any moment. */
const TABLES = "account a JOIN account_balance b ON b.account_id = a.id";

const ORDER: Record<BalanceSort, { table: "a" | "b"; column: string }> = {
  address: { table: "a", column: "address" },
  available: { table: "b", column: "available_sats" },
  pending: { table: "b", column: "pending_sats" },
  paid: { table: "b", column: "paid_sats" },
  workers: { table: "b", column: "workers" },
  credited: { table: "b", column: "credited_at" },
};

/** The page's ids come out of one index; only its own rows are put together. */
export async function listBalances(
  sql: Sql,
  query: { q: string; sort: BalanceSort; dir: "asc" | "desc"; page: number; page_size: number },
): Promise<BalancesDto> {
  const { table, column } = ORDER[query.sort];
  const id = table === "a" ? "a.id" : "b.account_id";
  const params = query.q === "" ? [] : [containsPattern(query.q)];
  const filter = query.q === "" ? "" : "WHERE a.address ILIKE $1";
  const from = query.q === "" ? (table === "a" ? "account a" : "account_balance b") : TABLES;
  // Nulls are at the low end both ways, where an index that ends in the id has them last or first.
  const order = query.dir === "asc" ? "ASC NULLS LAST" : "DESC NULLS FIRST";
  const ordered = (prefix: string) =>
    column === "address" ? `${prefix}address ${order}` : `${prefix}${column} ${order}, ${prefix}account_id ${order}`;
  const [count, page, own] = await Promise.all([
    sql.query<{ total: number }>(`SELECT count(*) AS total FROM account a ${filter}`, params),
    sql.query<BalanceDto>(
      `SELECT ${COLUMNS} FROM (SELECT ${id} AS id FROM ${from} ${filter} ORDER BY ${ordered(`${table}.`)}
          LIMIT $${params.length + 1} OFFSET $${params.length + 2}) page
         JOIN ${TABLES} ON a.id = page.id ORDER BY ${ordered(table === "a" ? "a." : "b.")}`,
      [...params, query.page_size, (query.page - 1) * query.page_size],
    ),
    sql.query<{ fee_pending: number; fee_available: number; total: number }>(
      `SELECT coalesce(sum(balance_sats) FILTER (WHERE kind = 'fee_pending'), 0)::bigint AS fee_pending,
              coalesce(sum(balance_sats) FILTER (WHERE kind = 'fee_available'), 0)::bigint AS fee_available,
              coalesce(sum(balance_sats), 0)::bigint AS total
         FROM ledger_kind_balance`,
    ),
  ]);
  const totals = own.rows[0] ?? { fee_pending: 0, fee_available: 0, total: 0 };
  return {
    total: count.rows[0]?.total ?? 0,
    rows: page.rows,
    pool_fee_pending_sats: totals.fee_pending,
    pool_fee_available_sats: totals.fee_available,
    ledger_sum_sats: totals.total,
  };
}

/** One account with its newest ledger lines, at most 500; null when there is no such account. */
export async function getAccount(sql: Sql, account_id: number): Promise<AccountDetailDto | null> {
  const [found, explained, lines] = await Promise.all([
    sql.query<BalanceDto>(`SELECT ${COLUMNS} FROM ${TABLES} WHERE a.id = $1`, [account_id]),
    explainAccount(sql, account_id),
    sql.query<LedgerLineDto>(
      `SELECT e.id::text AS entry_id, e.created_at AS at_ms, e.cause, e.block_hash, k.height AS block_height,
              substr(l.kind::text, 7) AS bucket, p.amount_sats
         FROM ledger_account l
         JOIN ledger_posting p ON p.ledger_account_id = l.id
         JOIN ledger_entry e ON e.id = p.entry_id
         LEFT JOIN block k ON k.hash = e.block_hash
        WHERE l.account_id = $1 AND l.kind IN ('miner_pending', 'miner_available', 'miner_paying', 'miner_paid')
        ORDER BY p.id DESC LIMIT ${LINES_MAX}`,
      [account_id],
    ),
  ]);
  const account = found.rows[0];
  return account === undefined ? null : { ...account, explained, lines: lines.rows };
}
