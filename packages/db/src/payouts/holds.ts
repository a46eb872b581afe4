import type { PayoutHoldDto } from "@otedama/shared";
import { type Database, type Queryable, type Transaction, transaction } from "../pool/connect.ts";
import { ms } from "./columns.ts";
import { PayoutError } from "./errors.ts";
import { requireReason } from "./exclude.ts";

/**
 * Nothing is planned for the account until it is released. What is in a batch already stays there: `excludeItem` takes it out.
 * Throws a PayoutError: `not_found`, `wrong_state` (held already), `bad_input`.
 */
export async function holdAccount(
  database: Database | Transaction,
  options: { account_id: number; person: string; reason: string },
): Promise<PayoutHoldDto> {
  const reason = requireReason(options.reason);
  return transaction(database, async (client) => {
    const account = await client.query("SELECT 1 FROM account WHERE id = $1 FOR UPDATE", [options.account_id]);
    if (account.rowCount === 0) throw new PayoutError("not_found", `There is no account ${options.account_id}.`);
    const before = await readHold(client, options.account_id);
    if (before) {
      throw new PayoutError("wrong_state", `The account is held already, by ${before.placed_by}: ${before.reason}`);
    }
    await client.query("INSERT INTO payout_hold (account_id, reason, placed_by) VALUES ($1, $2, $3)", [
      options.account_id,
      reason,
      options.person,
    ]);
    return (await readHold(client, options.account_id)) as PayoutHoldDto;
  });
}

/** Throws a PayoutError `wrong_state` when the account is not held. */
export async function releaseAccount(db: Queryable, options: { account_id: number; person: string }): Promise<void> {
  const { rowCount } = await db.query(
    "UPDATE payout_hold SET released_by = $2, released_at = now() WHERE account_id = $1 AND released_at IS NULL",
    [options.account_id, options.person],
  );
  if (rowCount === 0) throw new PayoutError("wrong_state", `Account ${options.account_id} is not held.`);
}

const COLUMNS = `h.account_id, a.address, h.reason, h.placed_by, ${ms("h.placed_at")} AS placed_at_ms, h.released_by,
  ${ms("h.released_at")} AS released_at_ms FROM payout_hold h JOIN account a ON a.id = h.account_id`;

/** The hold on an account; null when it has none. */
export async function readHold(db: Queryable, account_id: number): Promise<PayoutHoldDto | null> {
  const { rows } = await db.query<PayoutHoldDto>(`SELECT ${COLUMNS} WHERE h.account_id = $1 AND h.released_at IS NULL`, [
    account_id,
  ]);
  return rows[0] ?? null;
}

/** Holds that are on, newest first; with `all` the released ones too. At most 500. */
export async function listHolds(db: Queryable, options: { all?: boolean } = {}): Promise<PayoutHoldDto[]> {
  const { rows } = await db.query<PayoutHoldDto>(
    `SELECT ${COLUMNS} WHERE $1::boolean OR h.released_at IS NULL ORDER BY h.id DESC LIMIT 500`,
    [options.all ?? false],
  );
  return rows;
}
