/**
 * The double-entry ledger. An entry is written once for its cause and key; its postings sum to zero, which the database checks when
 * the transaction commits.
 */
import type { Queryable } from "./connect.ts";

export type LedgerKind =
  | "coinbase"
  | "miner_pending"
  | "miner_available"
  | "miner_paying"
  | "miner_paid"
  | "fee_pending"
  | "fee_available"
  | "fee_paying"
  | "fee_paid"
  | "reserve_pending"
  | "reserve_available"
  | "network_fee"
  | "operator";
export type LedgerCause =
  | "block_credit"
  | "block_mature"
  | "block_orphan"
  | "share_window"
  | "payout"
  | "payout_settle"
  | "payout_cancel"
  | "fee"
  | "correction";

export interface Posting {
  kind: LedgerKind;
  /** Null for the pool's own accounts. */
  account_id: number | null;
  amount_sats: bigint;
}

export interface Entry {
  cause: LedgerCause;
  cause_key: string;
  block_hash: string | null;
  postings: Posting[];
  /** Of an entry that a person caused: who asked for it, who approved it, and why. */
  person?: string;
  approved_by?: string | null;
  reason?: string;
}

/** False when an entry of this cause and key is there already; then nothing is written. */
export async function writeEntry(db: Queryable, entry: Entry): Promise<boolean> {
  const postings = entry.postings.filter((posting) => posting.amount_sats !== 0n);
  const total = postings.reduce((sum, posting) => sum + posting.amount_sats, 0n);
  if (total !== 0n) throw new Error(`ledger entry ${entry.cause} ${entry.cause_key} is out of balance by ${total} sats`);
  const inserted = await db.query<{ id: string }>(
    `INSERT INTO ledger_entry (cause, cause_key, block_hash, person, approved_by, reason) VALUES ($1::ledger_cause, $2, $3, $4, $5, $6)
     ON CONFLICT (cause, cause_key) DO NOTHING RETURNING id`,
    [entry.cause, entry.cause_key, entry.block_hash, entry.person ?? null, entry.approved_by ?? null, entry.reason ?? null],
  );
  const id = inserted.rows[0]?.id;
  if (id === undefined) return false;
  const kinds = postings.map((posting) => posting.kind);
  const accounts = postings.map((posting) => posting.account_id);
  // The pool's own accounts have no account_id: they are matched apart, so that an index serves the others.
  await db.query(
    `WITH v AS (SELECT kind::ledger_account_kind, account_id FROM unnest($1::text[], $2::int[]) AS u (kind, account_id))
     INSERT INTO ledger_account (kind, account_id)
     SELECT v.kind, v.account_id FROM v WHERE NOT EXISTS (SELECT 1 FROM ledger_account l
         WHERE l.kind = v.kind AND l.account_id = v.account_id) AND v.account_id IS NOT NULL
     UNION SELECT v.kind, NULL FROM v WHERE NOT EXISTS (SELECT 1 FROM ledger_account l
         WHERE l.kind = v.kind AND l.account_id IS NULL) AND v.account_id IS NULL
     ON CONFLICT (kind, account_id) DO NOTHING`,
    [kinds, accounts],
  );
  await db.query(
    `WITH v AS (SELECT kind::ledger_account_kind, account_id, amount
                FROM unnest($2::text[], $3::int[], $4::bigint[]) AS u (kind, account_id, amount))
     INSERT INTO ledger_posting (entry_id, ledger_account_id, amount_sats)
     SELECT $1::bigint, l.id, v.amount FROM v JOIN ledger_account l ON l.kind = v.kind AND l.account_id = v.account_id
     UNION ALL
     SELECT $1::bigint, l.id, v.amount FROM v JOIN ledger_account l ON l.kind = v.kind AND l.account_id IS NULL
      WHERE v.account_id IS NULL
     ORDER BY 2`,
    [id, kinds, accounts, postings.map((posting) => posting.amount_sats.toString())],
  );
  return true;
}

/** What a block has moved so far, by ledger account: zero everywhere once it was reversed. */
export async function readBlockPostings(db: Queryable, block_hash: string): Promise<Posting[]> {
  const { rows } = await db.query<{ kind: LedgerKind; account_id: number | null; amount: string }>(
    `SELECT l.kind, l.account_id, sum(p.amount_sats) AS amount
     FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id JOIN ledger_account l ON l.id = p.ledger_account_id
     WHERE e.block_hash = $1 GROUP BY l.kind, l.account_id HAVING sum(p.amount_sats) <> 0 ORDER BY l.kind, l.account_id`,
    [block_hash],
  );
  return rows.map((row) => ({ kind: row.kind, account_id: row.account_id, amount_sats: BigInt(row.amount) }));
}

/** How many times a block was reversed: the next entries of it are told apart by that. */
export async function countReversals(db: Queryable, block_hash: string): Promise<number> {
  const { rows } = await db.query<{ n: string }>(
    "SELECT count(*) AS n FROM ledger_entry WHERE block_hash = $1 AND cause = 'block_orphan'",
    [block_hash],
  );
  return Number(rows[0]?.n ?? 0);
}
