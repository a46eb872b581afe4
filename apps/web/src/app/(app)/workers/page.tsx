import type { Metadata } from "next";
import { createLoader } from "nuqs/server";
import { loadCounts } from "@/components/table/load_counts.ts";
import { WorkersScreen } from "@/features/pool/workers_screen.tsx";
import { WORKER_STATES, workersQuery, workersSearch } from "@/features/pool/workers_search.ts";
import { LIST_PAGE_SIZE } from "@/lib/list_search.ts";
import { openPage, type SearchParams } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Workers" };

const load = createLoader(workersSearch);

export default async function WorkersPage({ searchParams }: { readonly searchParams: SearchParams }) {
  const { api } = await openPage("/workers");
  const query = workersQuery(await load(searchParams), 1, LIST_PAGE_SIZE);
  const [initial, counts] = await Promise.all([
    api.workers.list(query),
    loadCounts(WORKER_STATES, (state) => api.workers.list({ state, page_size: 1 })),
  ]);
  return <WorkersScreen initial={initial} initialQuery={query} initialCounts={counts} />;
}
