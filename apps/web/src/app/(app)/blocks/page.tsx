import type { Metadata } from "next";
import { createLoader } from "nuqs/server";
import { loadCounts } from "@/components/table/load_counts.ts";
import { BlocksScreen } from "@/features/pool/blocks_screen.tsx";
import { BLOCK_STATES, blocksQuery, blocksSearch } from "@/features/pool/blocks_search.ts";
import { LIST_PAGE_SIZE } from "@/lib/list_search.ts";
import { openPage, type SearchParams } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Blocks" };

const load = createLoader(blocksSearch);

export default async function BlocksPage({ searchParams }: { readonly searchParams: SearchParams }) {
  const { api } = await openPage("/blocks");
  const query = blocksQuery(await load(searchParams), 1, LIST_PAGE_SIZE);
  const [initial, counts] = await Promise.all([
    api.blocks.list(query),
    loadCounts(BLOCK_STATES, (state) => api.blocks.list({ state, page_size: 1 })),
  ]);
  return <BlocksScreen initial={initial} initialQuery={query} initialCounts={counts} />;
}
