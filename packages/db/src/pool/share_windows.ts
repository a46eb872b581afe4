/**
 * Share windows: under PPS and FPPS what an instance's shares of ten minutes are due is paid from the reserve in one ledger entry, with the
 * key `<instance>:<number>`. Numbers count up by one for each instance. What is below a satoshi is carried to the account's next window.
 */
import { DUE_UNITS_PER_SAT } from "@otedama/shared/payouts";
import { type Database, type Queryable, transaction } from "./connect.ts";
import { writeEntry } from "./ledger.ts";

export interface OpenWindow {
  number: bigint;
  /** The ten minutes it is of; null while it has no share. */
  at_ms: number | null;
}

export interface DueDelta {
  window_number: bigint;
  window_at_ms: number;
  account_id: number;
  policy_version: number;
  shares: number;
  work_hashes: bigint;
  due_units: bigint;
}

export async function addDues(db: Queryable, instance_id: string, dues: DueDelta[]): Promise<void> {
  if (dues.length === 0) return;
  await db.query(
    `INSERT INTO share_window_due AS d (instance_id, window_number, window_at, account_id, policy_version, shares, work_hashes, due_units)
     SELECT $1, number, to_timestamp(at_ms / 1000), account_id, policy_version, shares, work, units
     FROM unnest($2::bigint[], $3::float8[], $4::int[], $5::int[], $6::int[], $7::numeric[], $8::numeric[])
       AS v (number, at_ms, account_id, policy_version, shares, work, units)
     ON CONFLICT (instance_id, window_number, account_id, policy_version) DO UPDATE SET
       shares = d.shares + excluded.shares, work_hashes = d.work_hashes + excluded.work_hashes,
       due_units = d.due_units + excluded.due_units`,
    [
      instance_id,
      dues.map((due) => due.window_number.toString()),
      dues.map((due) => due.window_at_ms),
      dues.map((due) => due.account_id),
      dues.map((due) => due.policy_version),
      dues.map((due) => due.shares),
      dues.map((due) => due.work_hashes.toString()),
      dues.map((due) => due.due_units.toString()),
    ],
  );
}

/** Pays a window; the instance's cursor row is locked by the caller. A window without dues is closed by its number alone. */
export async function payShareWindow(db: Queryable, instance_id: string, number: bigint): Promise<void> {
  const { rows } = await db.query<{ account_id: number; units: string }>(
    `SELECT account_id, sum(due_units) AS units FROM share_window_due
     WHERE instance_id = $1 AND window_number = $2::bigint GROUP BY account_id ORDER BY account_id`,
    [instance_id, number.toString()],
  );
  if (rows.length === 0) return;
  const accounts = rows.map((row) => row.account_id);
  await db.query(
    `INSERT INTO share_due_rest (account_id, rest_units) SELECT id, 0 FROM unnest($1::int[]) AS v (id) ORDER BY id
     ON CONFLICT (account_id) DO NOTHING`,
    [accounts],
  );
  // In the order of their ids, so that two instances that close at once wait for each other instead of locking each other out.
  const rests = await db.query<{ account_id: number; rest_units: string }>(
    "SELECT account_id, rest_units FROM share_due_rest WHERE account_id = ANY($1::int[]) ORDER BY account_id FOR UPDATE",
    [accounts],
  );
  const rest = new Map(rests.rows.map((row) => [row.account_id, BigInt(row.rest_units)]));
  const due = rows.map((row) => {
    const units = (rest.get(row.account_id) ?? 0n) + BigInt(row.units);
    return { account_id: row.account_id, sats: units / DUE_UNITS_PER_SAT, rest_units: units % DUE_UNITS_PER_SAT };
  });
  await db.query(
    `UPDATE share_due_rest r SET rest_units = v.rest FROM unnest($1::int[], $2::bigint[]) AS v (account_id, rest)
     WHERE r.account_id = v.account_id`,
    [accounts, due.map((row) => row.rest_units.toString())],
  );
  const total_sats = due.reduce((sum, row) => sum + row.sats, 0n);
  if (total_sats === 0n) return;
  const cause_key = `${instance_id}:${number}`;
  const written = await writeEntry(db, {
    cause: "share_window",
    cause_key,
    block_hash: null,
    postings: [
      { kind: "reserve_available", account_id: null, amount_sats: -total_sats },
      ...due.map((row) => ({ kind: "miner_available" as const, account_id: row.account_id, amount_sats: row.sats })),
    ],
  });
  // A number is closed once: an entry that is there already means that the cursor went back.
  if (!written) throw new Error(`share window ${cause_key} was paid before`);
}

/** Closes the window that is open, when it is of a time before `before_ms`. True when it did. */
export function closeShareWindow(database: Database, instance_id: string, before_ms: number): Promise<boolean> {
  return transaction(database, async (client) => {
    const { rows } = await client.query<{ window_number: string }>(
      `SELECT window_number FROM share_log_cursor WHERE instance_id = $1 AND window_at < to_timestamp($2::float8 / 1000) FOR UPDATE`,
      [instance_id, before_ms],
    );
    const number = rows[0]?.window_number;
    if (number === undefined) return false;
    await payShareWindow(client, instance_id, BigInt(number));
    await client.query("UPDATE share_log_cursor SET window_number = window_number + 1, window_at = NULL WHERE instance_id = $1", [
      instance_id,
    ]);
    return true;
  });
}
