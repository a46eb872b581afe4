/**
 * A batch's way through the pool, a step at a time: what the pool's own process writes as it goes, here at the test's pace. While it is
 * held, that process leaves batches alone, as it does when another one is at them.
 */
import { randomBytes } from "node:crypto";
import { settleBatch } from "@otedama/db/payouts";
import { type Database, ensureAccount, openDatabase, transaction, writeEntry } from "@otedama/db/pool";

/** PAYOUT_LOCK of the pool's executor. */
const PAYOUT_LOCK = 0x6f74_7002;
const hash = () => randomBytes(32).toString("hex");

export class PayoutSteps {
  readonly #database: Database;
  #release = () => {};

  constructor(url: string) {
    this.#database = openDatabase({ url, application_name: "e2e", connections_max: 3 });
  }

  async hold(): Promise<void> {
    const client = await this.#database.connect();
    await client.query("SELECT pg_advisory_lock($1)", [PAYOUT_LOCK]);
    this.#release = () => client.release(true);
  }

  async end(): Promise<void> {
    this.#release();
    await this.#database.end();
  }

  /** Each address is owed so much, and the pool has earned fees. */
  async owe(accounts: readonly { address: string; sats: bigint }[], fees_sats: bigint): Promise<void> {
    await transaction(this.#database, async (tx) => {
      const postings = [];
      for (const { address, sats } of accounts) {
        postings.push({ kind: "miner_available" as const, account_id: await ensureAccount(tx, address), amount_sats: sats });
      }
      const total = accounts.reduce((sum, { sats }) => sum + sats, fees_sats);
      await writeEntry(tx, {
        cause: "correction",
        cause_key: `e2e ${hash().slice(0, 8)}`,
        block_hash: null,
        reason: "a test's miners",
        postings: [
          ...postings,
          { kind: "fee_available", account_id: null, amount_sats: fees_sats },
          { kind: "operator", account_id: null, amount_sats: -total },
        ],
      });
    });
  }

  /** The newest policy with other payouts, as a new version of it. */
  async changePayouts(change: Record<string, unknown>): Promise<void> {
    await this.#database.query(
      `INSERT INTO pool_policy (policy, created_by, reason)
       SELECT jsonb_set(policy::jsonb, '{payouts}', policy::jsonb -> 'payouts' || $1::jsonb), 'config.yaml', 'a test' FROM pool_policy ORDER BY version DESC LIMIT 1`,
      [JSON.stringify(change)],
    );
  }

  /** The transaction is made. */
  async make(batch_id: number): Promise<void> {
    await this.#database.query(
      `INSERT INTO payout_transaction (batch_id, attempt, psbt, unsigned_txid, fee_sats, fee_rate, vsize, change_sats)
       VALUES ($1, 1, 'cHNidP8BAAoCAAAAAAAAAAAAAA==', $2, 2_460, 10, 246, 4_930_000_000)`,
      [batch_id, hash()],
    );
    await this.#move(batch_id, "unsigned");
  }

  async sign(batch_id: number): Promise<void> {
    await this.#database.query(
      `UPDATE payout_transaction SET state = 'signed', raw_hex = '00', txid = $2, signer = 'reference', handed_out_at = now(), signed_at = now()
       WHERE batch_id = $1`,
      [batch_id, hash()],
    );
    await this.#move(batch_id, "signed");
  }

  async send(batch_id: number): Promise<void> {
    await this.#database.query("UPDATE payout_transaction SET state = 'broadcast', broadcast_at = now() WHERE batch_id = $1", [
      batch_id,
    ]);
    await this.#move(batch_id, "broadcast");
  }

  async confirm(batch_id: number, confirmations: number): Promise<void> {
    await this.#database.query(
      "UPDATE payout_transaction SET block_hash = $2, block_height = 7, confirmations = $3 WHERE batch_id = $1",
      [batch_id, hash(), confirmations],
    );
    await this.#database.query("UPDATE payout_batch SET updated_at = now() WHERE id = $1", [batch_id]);
  }

  async settle(batch_id: number): Promise<void> {
    const { rows } = await this.#database.query<{ id: number }>("SELECT id FROM payout_transaction WHERE batch_id = $1", [
      batch_id,
    ]);
    if (!(await settleBatch(this.#database, { batch_id, transaction_id: rows[0]?.id ?? 0 }))) throw new Error("not settled");
  }

  async #move(batch_id: number, state: string): Promise<void> {
    await this.#database.query("UPDATE payout_batch SET state = $2::payout_batch_state, updated_at = now() WHERE id = $1", [
      batch_id,
      state,
    ]);
  }
}
