import type { PayoutBatchPays } from "@otedama/shared";
import { type Database, transaction } from "../pool/connect.ts";
import { type Posting, writeEntry } from "../pool/ledger.ts";
import { lockBatch, moveBatch } from "./lock.ts";
import { moneyPosting } from "./money.ts";
import { listBatchItems } from "./transactions.ts";

/**
 * Books a batch whose transaction is deep enough: paying → paid. Of the network's fee the accounts bear their parts and the pool what is
 * beyond (all of it where the pool pays; what a fee bump added where the miners do). Once only: the entry's key is the batch.
 */
export function settleBatch(database: Database, options: { batch_id: number; transaction_id: number }): Promise<boolean> {
  return transaction(database, async (client) => {
    const batch = await lockBatch(client, options.batch_id);
    if (batch.state === "settled" || batch.state === "cancelled" || batch.stopped_why !== null) return false;
    const { rows } = await client.query<{ fee: string }>(
      `UPDATE payout_transaction SET state = 'confirmed', confirmed_at = now(), trouble = NULL
       WHERE id = $1 AND batch_id = $2 AND block_hash IS NOT NULL RETURNING fee_sats::text AS fee`,
      [options.transaction_id, batch.id],
    );
    if (!rows[0]) return false;
    await client.query(
      "UPDATE payout_transaction SET state = 'replaced' WHERE batch_id = $1 AND id <> $2 AND state <> 'abandoned'",
      [batch.id, options.transaction_id],
    );
    const items = await listBatchItems(client, batch.id);
    await writeEntry(client, {
      cause: "payout_settle",
      cause_key: String(batch.id),
      block_hash: null,
      postings: settlePostings(batch.pays, items, BigInt(rows[0].fee)),
    });
    await moveBatch(client, batch.id, "settled");
    return true;
  });
}

/** Pure: what a settled batch moves. The parts of the accounts never exceed the fee. */
export function settlePostings(
  pays: PayoutBatchPays,
  items: readonly { account_id: number; amount_sats: bigint; fee_part_sats: bigint }[],
  fee_sats: bigint,
): Posting[] {
  const parts = items.reduce((sum, item) => sum + item.fee_part_sats, 0n);
  if (parts > fee_sats) throw new RangeError(`the accounts bear ${parts} sats of a fee of ${fee_sats}`);
  return [
    ...items.flatMap(({ account_id, amount_sats, fee_part_sats }) => [
      moneyPosting(pays, "paying", account_id, -amount_sats),
      moneyPosting(pays, "paid", account_id, amount_sats - fee_part_sats),
    ]),
    { kind: "fee_available", account_id: null, amount_sats: parts - fee_sats },
    { kind: "network_fee", account_id: null, amount_sats: fee_sats },
  ];
}
