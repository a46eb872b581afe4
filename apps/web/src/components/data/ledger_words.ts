import type { LedgerCause, LedgerKind } from "@otedama/shared";

/** What an entry was written for. */
export const CAUSE_WORDS: Readonly<Record<LedgerCause, string>> = {
  block_credit: "Block found",
  block_mature: "Block confirmed",
  block_orphan: "Block orphaned",
  share_window: "Shares paid",
  payout: "Payout planned",
  payout_settle: "Payout settled",
  payout_cancel: "Payout cancelled",
  fee: "Fee taken out",
  correction: "Correction",
};

export const KIND_WORDS: Readonly<Record<LedgerKind, { readonly word: string; readonly meaning: string }>> = {
  coinbase: { word: "Block rewards", meaning: "what the pool's blocks brought in, as the counterpart of all credits" },
  miner_pending: { word: "Miners, pending", meaning: "credited from blocks that are not confirmed" },
  miner_available: { word: "Miners, available", meaning: "owed" },
  miner_paying: { word: "Miners, in payment", meaning: "in payouts that are not settled" },
  miner_paid: { word: "Miners, paid", meaning: "paid out" },
  fee_pending: { word: "Fee, pending", meaning: "from blocks that are not confirmed" },
  fee_available: { word: "Fee, available", meaning: "the pool's own" },
  fee_paying: { word: "Fee, in payment", meaning: "in a payout to the operator that is not settled" },
  fee_paid: { word: "Fee, taken out", meaning: "paid to the operator" },
  reserve_pending: { word: "Reserve, pending", meaning: "from blocks that are not confirmed" },
  reserve_available: { word: "Reserve", meaning: "pays the shares under PPS and FPPS" },
  network_fee: { word: "Network fees", meaning: "paid to the network by payouts" },
  operator: { word: "Operator", meaning: "put in or written off by the operator" },
};
