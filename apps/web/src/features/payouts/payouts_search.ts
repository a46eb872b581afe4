import { PAYOUT_BATCH_STATES, type PayoutBatchState } from "@otedama/shared";
import { parseAsStringLiteral } from "nuqs/server";
import { parseAsSearch } from "@/lib/list_search.ts";

export const PAYOUT_TABS = ["batches", "due", "payments", "holds"] as const;
export const parseAsPayoutTab = parseAsStringLiteral(PAYOUT_TABS).withDefault("batches");

export const batchesSearch = { state: parseAsStringLiteral(PAYOUT_BATCH_STATES) };
export const batchesQuery = (chosen: { readonly state: PayoutBatchState | null }, page: number, page_size: number) => ({
  state: chosen.state,
  page,
  page_size,
});

export const paymentsSearch = { q: parseAsSearch };
export const paymentsQuery = (chosen: { readonly q: string }, page: number, page_size: number) => ({
  q: chosen.q.slice(0, 128),
  page,
  page_size,
});
