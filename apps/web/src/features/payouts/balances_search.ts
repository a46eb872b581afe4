import { parseAsStringLiteral } from "nuqs/server";
import { parseAsSearch } from "@/lib/list_search.ts";

export const BALANCE_SORTS = ["address", "available", "pending", "paid", "workers", "credited"] as const;

export const balancesSearch = {
  q: parseAsSearch,
  sort: parseAsStringLiteral(BALANCE_SORTS).withDefault("available"),
  dir: parseAsStringLiteral(["asc", "desc"] as const).withDefault("desc"),
};

type Chosen = { readonly q: string; readonly sort: (typeof BALANCE_SORTS)[number]; readonly dir: "asc" | "desc" };

export const balancesQuery = (chosen: Chosen, page: number, page_size: number) => ({
  q: chosen.q.slice(0, 128),
  sort: chosen.sort,
  dir: chosen.dir,
  page,
  page_size,
});
