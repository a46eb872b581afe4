import { parseAsSearch } from "@/lib/list_search.ts";

export const balancesSearch = { q: parseAsSearch };

export const balancesQuery = (chosen: { readonly q: string }, page: number, page_size: number) => ({
  q: chosen.q.slice(0, 128),
  page,
  page_size,
});
