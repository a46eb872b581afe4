/** Where a batch's money stands in the ledger while it moves: the accounts' own, or the pool's fees. */
import type { PayoutBatchPays } from "@otedama/shared";
import type { LedgerKind, Posting } from "../pool/ledger.ts";

export type MoneyPlace = "available" | "paying" | "paid";

const KINDS: Readonly<Record<PayoutBatchPays, Readonly<Record<MoneyPlace, LedgerKind>>>> = {
  miners: { available: "miner_available", paying: "miner_paying", paid: "miner_paid" },
  fees: { available: "fee_available", paying: "fee_paying", paid: "fee_paid" },
};

/** One side of a movement; the pool's fees are nobody's account. */
export function moneyPosting(pays: PayoutBatchPays, place: MoneyPlace, account_id: number, amount_sats: bigint): Posting {
  return { kind: KINDS[pays][place], account_id: pays === "fees" ? null : account_id, amount_sats };
}

export function moveMoney(
  pays: PayoutBatchPays,
  from: MoneyPlace,
  to: MoneyPlace,
  { account_id, amount_sats }: { account_id: number; amount_sats: bigint },
): Posting[] {
  return [moneyPosting(pays, from, account_id, -amount_sats), moneyPosting(pays, to, account_id, amount_sats)];
}
