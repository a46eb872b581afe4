import type { BlockState } from "@otedama/shared";
import { parseAsStringLiteral } from "nuqs/server";

export const BLOCK_STATES = ["found", "pending", "confirmed", "orphaned", "rejected"] as const satisfies readonly BlockState[];

export const BLOCK_SORTS = ["height", "state", "effort", "reward", "worker", "found"] as const;

export const blocksSearch = {
  state: parseAsStringLiteral(BLOCK_STATES),
  sort: parseAsStringLiteral(BLOCK_SORTS).withDefault("found"),
  dir: parseAsStringLiteral(["asc", "desc"] as const).withDefault("desc"),
};

type Chosen = { readonly state: BlockState | null; readonly sort: (typeof BLOCK_SORTS)[number]; readonly dir: "asc" | "desc" };

export const blocksQuery = (chosen: Chosen, page: number, page_size: number) => ({
  state: chosen.state,
  sort: chosen.sort,
  dir: chosen.dir,
  page,
  page_size,
});
