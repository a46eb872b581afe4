import type { Metadata } from "next";
import { createLoader } from "nuqs/server";
import { loadCounts } from "@/components/table/load_counts.ts";
import { RigsScreen } from "@/features/fleet/rigs_screen.tsx";
import { RIG_STATES, rigsQuery, rigsSearch } from "@/features/fleet/rigs_search.ts";
import { LIST_PAGE_SIZE } from "@/lib/list_search.ts";
import { openPage, type SearchParams } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Rigs" };

const load = createLoader(rigsSearch);

export default async function RigsPage({ searchParams }: { readonly searchParams: SearchParams }) {
  const { api } = await openPage("/rigs");
  const query = rigsQuery(await load(searchParams), 1, LIST_PAGE_SIZE);
  const [initial, counts] = await Promise.all([
    api.rigs.list(query),
    loadCounts(RIG_STATES, (state) => api.rigs.list({ state, page_size: 1 })),
  ]);
  return <RigsScreen initial={initial} initialQuery={query} initialCounts={counts} />;
}
