/** The ledger, read: entries newest first, one entry with its postings, the sums that must cancel out. */
import {
  type ExplainedBalanceDto,
  LEDGER_POSTINGS_MAX,
  type LedgerEntryDetailDto,
  type LedgerEntryDto,
  type LedgerPage,
  type LedgerPostingDto,
  type LedgerQuery,
  type LedgerSumDto,
} from "@otedama/shared";
import type { Sql } from "./database.ts";

const COLUMNS = `
  e.id::text AS entry_id, e.created_at AS at_ms, e.cause, e.cause_key, e.block_hash, k.height AS block_height,
  coalesce(t.moved_sats, 0)::bigint AS moved_sats, coalesce(t.lines, 0) AS lines, e.person, e.approved_by, e.reason`;
const TABLES = "ledger_entry e LEFT JOIN ledger_entry_total t ON t.entry_id = e.id LEFT JOIN block k ON k.hash = e.block_hash";
/** $1 address, $2 cause, $3 and $4 the times. */
const FILTER = `
  ($2::ledger_cause IS NULL OR e.cause = $2)
  AND ($3::float8 IS NULL OR e.created_at >= to_timestamp($3::float8 / 1000))
  AND ($4::float8 IS NULL OR e.created_at <= to_timestamp($4::float8 / 1000))
  AND ($1 = '' OR e.id IN (
    SELECT p.entry_id FROM account a JOIN ledger_account l ON l.account_id = a.id JOIN ledger_posting p ON p.ledger_account_id = l.id
     WHERE a.address = $1))`;

export async function listLedger(sql: Sql, query: LedgerQuery): Promise<LedgerPage> {
  const filter = [query.address.trim(), query.cause, query.from_ms, query.to_ms];
  const [count, page, sums] = await Promise.all([
    sql.query<{ total: number }>(`SELECT count(*) AS total FROM ledger_entry e WHERE ${FILTER}`, filter),
    sql.query<LedgerEntryDto>(`SELECT ${COLUMNS} FROM ${TABLES} WHERE ${FILTER} ORDER BY e.id DESC LIMIT $5 OFFSET $6`, [
      ...filter,
      query.page_size,
      (query.page - 1) * query.page_size,
    ]),
    listLedgerSums(sql),
  ]);
  return {
    total: count.rows[0]?.total ?? 0,
    rows: page.rows,
    sums,
    ledger_sum_sats: sums.reduce((sum, row) => sum + row.balance_sats, 0),
  };
}

/** What all accounts of each kind hold together. */
export async function listLedgerSums(sql: Sql): Promise<LedgerSumDto[]> {
  return (await sql.query<LedgerSumDto>("SELECT kind, balance_sats FROM ledger_kind_balance ORDER BY kind")).rows;
}

/** Null when there is no such entry. */
export async function getLedgerEntry(sql: Sql, entry_id: string): Promise<LedgerEntryDetailDto | null> {
  const [found, postings] = await Promise.all([
    sql.query<LedgerEntryDto>(`SELECT ${COLUMNS} FROM ${TABLES} WHERE e.id = $1::bigint`, [entry_id]),
    sql.query<LedgerPostingDto>(
      `SELECT l.kind, l.account_id, a.address, p.amount_sats
         FROM ledger_posting p JOIN ledger_account l ON l.id = p.ledger_account_id LEFT JOIN account a ON a.id = l.account_id
        WHERE p.entry_id = $1::bigint ORDER BY abs(p.amount_sats) DESC, l.kind, l.id LIMIT ${LEDGER_POSTINGS_MAX}`,
      [entry_id],
    ),
  ]);
  const entry = found.rows[0];
  return entry === undefined ? null : { ...entry, postings: postings.rows };
}

/** Each balance of an account by the causes that made it. */
export async function explainAccount(sql: Sql, account_id: number): Promise<ExplainedBalanceDto[]> {
  const { rows } = await sql.query<{
    kind: ExplainedBalanceDto["kind"];
    balance_sats: number;
    cause: ExplainedBalanceDto["causes"][number]["cause"];
    entries: number;
    amount_sats: number;
  }>(
    `SELECT l.kind, b.balance_sats, e.cause, count(*) AS entries, sum(p.amount_sats)::bigint AS amount_sats
       FROM ledger_account l
       JOIN ledger_balance b ON b.ledger_account_id = l.id
       JOIN ledger_posting p ON p.ledger_account_id = l.id
       JOIN ledger_entry e ON e.id = p.entry_id
      WHERE l.account_id = $1 GROUP BY l.kind, b.balance_sats, e.cause ORDER BY l.kind, e.cause`,
    [account_id],
  );
  const balances = new Map<string, ExplainedBalanceDto>();
  for (const { kind, balance_sats, ...cause } of rows) {
    const balance = balances.get(kind) ?? { kind, balance_sats, causes: [] };
    balances.set(kind, balance);
    balance.causes.push(cause);
  }
  return [...balances.values()];
}
