import type { AccountDetailDto, BalanceDto, BalancesDto, LedgerLineDto } from "@otedama/shared";
import type { Sql } from "./database.ts";
import { explainAccount } from "./ledger.ts";
import { containsPattern } from "./like.ts";

const LINES_MAX = 500;

const COLUMNS = `
  a.id AS account_id, a.address,
  coalesce(b.pending, 0)::bigint AS pending_sats, coalesce(b.available, 0)::bigint AS available_sats,
  coalesce(b.paying, 0)::bigint AS paying_sats, coalesce(b.paid, 0)::bigint AS paid_sats,
  (SELECT count(*) FROM worker w WHERE w.account_id = a.id) AS workers,
  (SELECT e.created_at FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id
    WHERE p.ledger_account_id = b.pending_account AND e.cause = 'block_credit' ORDER BY p.id DESC LIMIT 1) AS last_credit_at_ms`;
/** Balances are kept by a trigger in the transaction of each posting, so they are sums of postings at any moment. */
const TABLES = `
  account a LEFT JOIN LATERAL (
    SELECT sum(v.balance_sats) FILTER (WHERE l.kind = 'miner_pending') AS pending,
           sum(v.balance_sats) FILTER (WHERE l.kind = 'miner_available') AS available,
           sum(v.balance_sats) FILTER (WHERE l.kind = 'miner_paying') AS paying,
           sum(v.balance_sats) FILTER (WHERE l.kind = 'miner_paid') AS paid,
           min(l.id) FILTER (WHERE l.kind = 'miner_pending') AS pending_account
      FROM ledger_account l JOIN ledger_balance v ON v.ledger_account_id = l.id WHERE l.account_id = a.id) b ON true`;

/** Largest debt of the pool first. */
export async function listBalances(sql: Sql, query: { q: string; page: number; page_size: number }): Promise<BalancesDto> {
  const params = [query.q, containsPattern(query.q)];
  const filter = "WHERE $1 = '' OR a.address ILIKE $2";
  const [count, page, own] = await Promise.all([
    sql.query<{ total: number }>(`SELECT count(*) AS total FROM account a ${filter}`, params),
    sql.query<BalanceDto>(
      `SELECT ${COLUMNS} FROM ${TABLES} ${filter}
        ORDER BY coalesce(b.pending, 0) + coalesce(b.available, 0) DESC, a.id LIMIT $3 OFFSET $4`,
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
