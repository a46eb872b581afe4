/**
 * Corrections: entries of the ledger that a person causes, with a reason. Above the policy's limit they wait for a second person. Deposits
 * into the reserve and withdrawals from it are corrections between `operator` and `reserve_available`.
 */
import { type Database, type Queryable, type Transaction, transaction } from "./connect.ts";
import { type LedgerKind, type Posting, writeEntry } from "./ledger.ts";
import { readPolicy } from "./policy.ts";

/** What a person may move. What is in a payout, or paid, is moved by payouts only; what is pending by its block. */
const CORRECTABLE: readonly LedgerKind[] = ["miner_available", "fee_available", "reserve_available", "operator"];
const POSTINGS_MAX = 1_000;
const REASON_MAX = 500;
/** A BIGINT holds more than all coins there will be. */
const AMOUNT_MAX_SATS = 2_100_000_000_000_000n;

/** `message` is a sentence that names the field. */
export class CorrectionError extends Error {
  override name = "CorrectionError";
}

export interface CorrectionDraft {
  person: string;
  reason: string;
  postings: Posting[];
}

export interface Correction extends CorrectionDraft {
  id: number;
  state: "proposed" | "written" | "refused";
  amount_sats: bigint;
  created_at_ms: number;
  decided_by: string | null;
  decided_at_ms: number | null;
  refused_why: string | null;
}

/** Writes a correction, or keeps it for a second person's approval when it is above the limit. Throws a CorrectionError. */
export async function writeCorrection(database: Database | Transaction, draft: CorrectionDraft): Promise<Correction> {
  const checked = check(draft);
  return transaction(database, async (client) => {
    await checkAccounts(client, checked.postings);
    const limit = (await readPolicy(client))?.policy.correction_four_eyes_above_sats ?? 0;
    const { rows } = await client.query<{ id: number }>(
      "INSERT INTO ledger_correction (person, reason, postings, amount_sats) VALUES ($1, $2, $3, $4) RETURNING id",
      [checked.person, checked.reason, JSON.stringify(checked.postings.map(toJson)), checked.amount_sats.toString()],
    );
    const id = (rows[0] as { id: number }).id;
    if (checked.amount_sats <= BigInt(limit)) await book(client, id, checked, null);
    return (await lock(client, id)) as Correction;
  });
}

/** A second person's approval. The entry is written now or never. Throws a CorrectionError. */
export function approveCorrection(database: Database | Transaction, id: number, person: string): Promise<Correction> {
  return transaction(database, async (client) => {
    const correction = await openCorrection(client, id);
    if (person.trim() === "") throw new CorrectionError("person: an approval needs a name.");
    if (person.trim().toLowerCase() === correction.person.toLowerCase()) {
      throw new CorrectionError("person: a correction is approved by somebody else than who asked for it.");
    }
    await book(client, id, correction, person.trim());
    return (await lock(client, id)) as Correction;
  });
}

/** Whoever asked for it may take it back by this too. Throws a CorrectionError. */
export function refuseCorrection(database: Database | Transaction, id: number, person: string, why: string): Promise<Correction> {
  return transaction(database, async (client) => {
    await openCorrection(client, id);
    const text = why.trim();
    if (text === "" || text.length > REASON_MAX)
      throw new CorrectionError(`refused_why: say why, in at most ${REASON_MAX} characters.`);
    await client.query(
      "UPDATE ledger_correction SET state = 'refused', decided_by = $2, decided_at = now(), refused_why = $3 WHERE id = $1",
      [id, person, text],
    );
    return (await lock(client, id)) as Correction;
  });
}

/** Newest first; those that wait, or all. */
export async function listCorrections(db: Queryable, state: Correction["state"] | null, limit: number): Promise<Correction[]> {
  const { rows } = await db.query<Row>(
    `SELECT ${COLUMNS} FROM ledger_correction WHERE $1::text IS NULL OR state = $1::ledger_correction_state ORDER BY id DESC LIMIT $2`,
    [state, limit],
  );
  return rows.map(toCorrection);
}

async function book(db: Queryable, id: number, draft: CorrectionDraft, approved_by: string | null): Promise<void> {
  const { person, reason, postings } = draft;
  const entry = { cause: "correction" as const, cause_key: String(id), block_hash: null, postings, person, approved_by, reason };
  if (!(await writeEntry(db, entry))) throw new Error(`correction ${id} was written before`);
  await checkBalances(db, postings);
  await db.query("UPDATE ledger_correction SET state = 'written', decided_by = $2, decided_at = now() WHERE id = $1", [
    id,
    approved_by,
  ]);
}

/** The entry's triggers have locked and moved the balances: what is taken must have been there. */
async function checkBalances(db: Queryable, postings: Posting[]): Promise<void> {
  for (const { kind, account_id, amount_sats } of postings) {
    if (amount_sats > 0n || kind === "operator") continue;
    const { rows } = await db.query<{ balance: string }>(
      `SELECT b.balance_sats::text AS balance FROM ledger_balance b JOIN ledger_account l ON l.id = b.ledger_account_id
       WHERE l.kind = $1::ledger_account_kind AND l.account_id IS NOT DISTINCT FROM $2`,
      [kind, account_id],
    );
    const balance = BigInt(rows[0]?.balance ?? 0);
    if (balance >= 0n) continue;
    const whose = account_id === null ? kind : `${kind} of account ${account_id}`;
    throw new CorrectionError(
      `postings: ${whose} holds ${balance - amount_sats} sats, and ${-amount_sats} sats are to be taken from it.`,
    );
  }
}

async function checkAccounts(db: Queryable, postings: Posting[]): Promise<void> {
  const ids = postings.flatMap((posting) => posting.account_id ?? []);
  const { rows } = await db.query<{ id: number }>("SELECT id FROM account WHERE id = ANY($1::int[])", [ids]);
  const known = new Set(rows.map((row) => row.id));
  const missing = ids.find((id) => !known.has(id));
  if (missing !== undefined) throw new CorrectionError(`postings: there is no account ${missing}.`);
}

function check(draft: CorrectionDraft): CorrectionDraft & { amount_sats: bigint } {
  const person = draft.person.trim();
  const reason = draft.reason.trim();
  const { postings } = draft;
  if (person === "") throw new CorrectionError("person: a correction needs a name.");
  if (reason === "" || reason.length > REASON_MAX)
    throw new CorrectionError(`reason: say why, in at most ${REASON_MAX} characters.`);
  if (postings.length < 2 || postings.length > POSTINGS_MAX)
    throw new CorrectionError(`postings: 2 to ${POSTINGS_MAX} lines, not ${postings.length}.`);
  const seen = new Set<string>();
  for (const { kind, account_id, amount_sats } of postings) {
    if (!CORRECTABLE.includes(kind))
      throw new CorrectionError(`postings: ${kind} is not corrected by hand; choose ${CORRECTABLE.join(", ")}.`);
    if ((account_id !== null) !== kind.startsWith("miner_")) {
      throw new CorrectionError(`postings: ${kind} ${account_id === null ? "needs an account" : "has no account"}.`);
    }
    if (account_id !== null && !(Number.isInteger(account_id) && account_id > 0 && account_id <= 0x7fffffff)) {
      throw new CorrectionError(`postings: ${account_id} is not an account's number.`);
    }
    if (amount_sats === 0n || amount_sats > AMOUNT_MAX_SATS || amount_sats < -AMOUNT_MAX_SATS) {
      throw new CorrectionError(`postings: an amount of ${amount_sats} sats for ${kind} will not do.`);
    }
    const key = `${kind} ${account_id}`;
    if (seen.has(key)) throw new CorrectionError(`postings: ${key.replace(" null", "")} is named twice.`);
    seen.add(key);
  }
  const total = postings.reduce((sum, posting) => sum + posting.amount_sats, 0n);
  if (total !== 0n) throw new CorrectionError(`postings: what is given and what is taken differ by ${total} sats.`);
  const amount_sats = postings.reduce((sum, posting) => (posting.amount_sats > 0n ? sum + posting.amount_sats : sum), 0n);
  return { person, reason, postings, amount_sats };
}

interface Row {
  id: number;
  state: Correction["state"];
  person: string;
  reason: string;
  postings: { kind: LedgerKind; account_id: number | null; amount_sats: string }[];
  amount: string;
  created_ms: string | number;
  decided_by: string | null;
  decided_ms: string | number | null;
  refused_why: string | null;
}
// Text and rounded numbers: the same whatever types a connection turns them into.
const COLUMNS = `id, state, person, reason, postings, amount_sats::text AS amount, round(extract(epoch FROM created_at) * 1000) AS created_ms,
  decided_by, round(extract(epoch FROM decided_at) * 1000) AS decided_ms, refused_why`;

async function openCorrection(db: Queryable, id: number): Promise<Correction> {
  const correction = await lock(db, id);
  if (!correction) throw new CorrectionError(`id: there is no correction ${id}.`);
  if (correction.state !== "proposed") throw new CorrectionError(`id: correction ${id} is ${correction.state} already.`);
  return correction;
}

async function lock(db: Queryable, id: number): Promise<Correction | null> {
  const { rows } = await db.query<Row>(`SELECT ${COLUMNS} FROM ledger_correction WHERE id = $1 FOR UPDATE`, [id]);
  return rows[0] ? toCorrection(rows[0]) : null;
}

function toCorrection({ amount, created_ms, decided_ms, ...row }: Row): Correction {
  return {
    ...row,
    postings: row.postings.map((posting) => ({ ...posting, amount_sats: BigInt(posting.amount_sats) })),
    amount_sats: BigInt(amount),
    created_at_ms: Number(created_ms),
    decided_at_ms: decided_ms === null ? null : Number(decided_ms),
  };
}

function toJson(posting: Posting): Row["postings"][number] {
  return { ...posting, amount_sats: posting.amount_sats.toString() };
}
