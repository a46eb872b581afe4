import type { BlockState } from "@otedama/shared";
import { parseAsStringLiteral } from "nuqs/server";

export const BLOCK_STATES = ["found", "pending", "confirmed", "orphaned", "rejected"] as const satisfies readonly BlockState[];

export const blocksSearch = { state: parseAsStringLiteral(BLOCK_STATES) };

export const blocksQuery = (chosen: { readonly state: BlockState | null }, page: number, page_size: number) => ({
  state: chosen.state,
  page,
  page_size,
});
