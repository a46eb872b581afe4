/** What a miner's own page shows of one account. Every list is bounded, since anybody may ask. */
import type { HashrateSeries, MinerBlockDto, MinerDto, MinerPayoutDto, MinerWorkerDto, Window } from "@otedama/shared";
import type { Sql } from "./database.ts";
import { accountHashrateSeries } from "./hashrate.ts";
import { type MailFact, readMinerSettings } from "./miner_settings.ts";
import { WORKER_COLUMNS, WORKER_TABLES } from "./workers.ts";

const WORKERS_MAX = 200;
const LINES_MAX = 50;
/** How many of the newest receipts are looked through for the account. */
const RECEIPTS_SEEN = 200;

export async function findAccount(
  sql: Sql,
  address: string,
): Promise<{ id: number; address: string; created_at_ms: number } | null> {
  const { rows } = await sql.query<{ id: number; address: string; created_at_ms: number }>(
    "SELECT id, address, created_at AS created_at_ms FROM account WHERE address = $1",
    [address],
  );
  return rows[0] ?? null;
}

/** Null when nobody has mined to the address. */
export async function getMiner(sql: Sql, address: string, now_ms: number, mail: MailFact): Promise<MinerDto | null> {
  const account = await findAccount(sql, address);
  if (account === null) return null;
  const { id } = account;
  const [totals, workers, week, hour, balance, payouts, blocks, settings] = await Promise.all([
    readTotals(sql, id),
    readWorkers(sql, id),
    accountHashrateSeries(sql, id, "7d", now_ms),
    accountHashrateSeries(sql, id, "1h", now_ms),
    readBalance(sql, id),
    readPayouts(sql, id),
    readBlocks(sql, id),
    readMinerSettings(sql, id, mail),
  ]);
  const { m1, m15, d1, workers_total, workers_mining, last_share_at_ms, ...shares } = totals;
  return {
    address: account.address,
    at_ms: now_ms,
    first_seen_at_ms: account.created_at_ms,
    last_share_at_ms,
    hashrate_hps: { m1, m15, h1: meanRate(hour), d1, d7: meanRate(week) },
    workers_total,
    workers_mining,
    workers,
    shares,
    balance,
    payouts,
    blocks,
    settings,
  };
}

/** Over the part of a window in which anything was measured. */
function meanRate(series: HashrateSeries): number {
  const measured = series.hashrate_hps.filter((value) => value !== null);
  return measured.length === 0 ? 0 : measured.reduce((sum, value) => sum + value, 0) / measured.length;
}

/** Null when nobody has mined to the address. */
export async function minerSeries(sql: Sql, address: string, window: Window, now_ms: number): Promise<HashrateSeries | null> {
  const account = await findAccount(sql, address);
  return account === null ? null : accountHashrateSeries(sql, account.id, window, now_ms);
}

interface Totals {
  m1: number;
  m15: number;
  d1: number;
  workers_total: number;
  workers_mining: number;
  last_share_at_ms: number | null;
  accepted: number;
  stale: number;
  duplicate: number;
  low_difficulty: number;
  unauthorized: number;
  invalid: number;
}

async function readTotals(sql: Sql, account_id: number): Promise<Totals> {
  const { rows } = await sql.query<Totals>(
    `SELECT coalesce(sum(m1), 0) AS m1, coalesce(sum(m15), 0) AS m15, coalesce(sum(d1), 0) AS d1, count(*) AS workers_total,
            count(*) FILTER (WHERE state = 'mining') AS workers_mining, max(last_share_at_ms) AS last_share_at_ms,
            coalesce(sum(accepted), 0)::bigint AS accepted, coalesce(sum(stale), 0)::bigint AS stale,
            coalesce(sum(duplicate), 0)::bigint AS duplicate, coalesce(sum(low_difficulty), 0)::bigint AS low_difficulty,
            coalesce(sum(unauthorized), 0)::bigint AS unauthorized, coalesce(sum(invalid), 0)::bigint AS invalid
       FROM (SELECT ${WORKER_COLUMNS} FROM ${WORKER_TABLES} WHERE w.account_id = $1) own`,
    [account_id],
  );
  return rows[0] as Totals;
}

async function readWorkers(sql: Sql, account_id: number): Promise<MinerWorkerDto[]> {
  const { rows } = await sql.query<Totals & Pick<MinerWorkerDto, "name" | "solo" | "state" | "difficulty" | "last_share_at_ms">>(
    `SELECT ${WORKER_COLUMNS}, w.solo FROM ${WORKER_TABLES} WHERE w.account_id = $1 ORDER BY m15 DESC NULLS LAST, w.name, w.id LIMIT ${WORKERS_MAX}`,
    [account_id],
  );
  return rows.map((row) => ({
    name: row.name,
    solo: row.solo,
    state: row.state,
    difficulty: row.difficulty,
    hashrate_hps: { m1: row.m1 ?? 0, m15: row.m15 ?? 0, d1: row.d1 ?? 0 },
    shares: {
      accepted: row.accepted,
      stale: row.stale,
      duplicate: row.duplicate,
      low_difficulty: row.low_difficulty,
      unauthorized: row.unauthorized,
      invalid: row.invalid,
    },
    last_share_at_ms: row.last_share_at_ms,
  }));
}

async function readBalance(sql: Sql, account_id: number): Promise<MinerDto["balance"]> {
  const { rows } = await sql.query<MinerDto["balance"]>(
    `SELECT coalesce(sum(v.balance_sats) FILTER (WHERE l.kind = 'miner_pending'), 0)::bigint AS pending_sats,
            coalesce(sum(v.balance_sats) FILTER (WHERE l.kind = 'miner_available'), 0)::bigint AS available_sats,
            coalesce(sum(v.balance_sats) FILTER (WHERE l.kind = 'miner_paying'), 0)::bigint AS paying_sats,
            coalesce(sum(v.balance_sats) FILTER (WHERE l.kind = 'miner_paid'), 0)::bigint AS paid_sats
       FROM ledger_account l JOIN ledger_balance v ON v.ledger_account_id = l.id WHERE l.account_id = $1`,
    [account_id],
  );
  return rows[0] as MinerDto["balance"];
}

/** Of a batch's transactions, the one that counts: what the chain has, else the newest that was signed. */
async function readPayouts(sql: Sql, account_id: number): Promise<MinerPayoutDto[]> {
  const { rows } = await sql.query<MinerPayoutDto>(
    `SELECT b.id AS batch_id, b.created_at AS at_ms, b.state, i.amount_sats, i.fee_part_sats, t.txid, coalesce(t.confirmations, 0) AS confirmations
       FROM payout_item i JOIN payout_batch b ON b.id = i.batch_id
       LEFT JOIN LATERAL (SELECT txid, confirmations FROM payout_transaction
         WHERE batch_id = b.id AND state IN ('signed', 'broadcast', 'confirmed')
         ORDER BY (state = 'confirmed') DESC, attempt DESC LIMIT 1) t ON true
      WHERE i.account_id = $1 AND b.pays = 'miners' AND i.excluded_by IS NULL AND b.state <> 'cancelled'
      ORDER BY b.id DESC LIMIT ${LINES_MAX}`,
    [account_id],
  );
  return rows;
}

/** Blocks that credited the account, and the newest in whose receipt it has shares. */
async function readBlocks(sql: Sql, account_id: number): Promise<MinerBlockDto[]> {
  const { rows } = await sql.query<MinerBlockDto>(
    `WITH credit AS (
       SELECT DISTINCT ON (e.block_hash) e.block_hash, p.amount_sats FROM (
         SELECT entry_id, amount_sats FROM ledger_posting WHERE ledger_account_id =
           (SELECT id FROM ledger_account WHERE account_id = $1 AND kind = 'miner_pending') ORDER BY id DESC LIMIT ${LINES_MAX * 4}) p
         JOIN ledger_entry e ON e.id = p.entry_id WHERE e.cause = 'block_credit' ORDER BY e.block_hash, e.id DESC
     ), seen AS (
       SELECT r.block_hash FROM (SELECT block_hash FROM receipt ORDER BY ended_at DESC LIMIT ${RECEIPTS_SEEN}) r
        WHERE EXISTS (SELECT 1 FROM receipt_leaf f WHERE f.account_id = $1 AND f.block_hash = r.block_hash)
     )
     SELECT b.hash, b.height, b.state, b.found_at AS found_at_ms, b.reward_sats, c.amount_sats AS credit_sats,
            coalesce(w.account_id = $1, false) AS own, EXISTS (SELECT 1 FROM receipt r WHERE r.block_hash = b.hash) AS receipt
       FROM (SELECT block_hash FROM credit UNION SELECT block_hash FROM seen) mine
       JOIN block b ON b.hash = mine.block_hash LEFT JOIN credit c ON c.block_hash = b.hash LEFT JOIN worker w ON w.id = b.worker_id
      ORDER BY b.found_at DESC, b.hash LIMIT ${LINES_MAX}`,
    [account_id],
  );
  return rows;
}
