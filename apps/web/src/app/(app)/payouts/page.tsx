import type { Metadata } from "next";
import { createLoader } from "nuqs/server";
import { PayoutsScreen } from "@/features/payouts/payouts_screen.tsx";
import { batchesQuery, batchesSearch } from "@/features/payouts/payouts_search.ts";
import { LIST_PAGE_SIZE } from "@/lib/list_search.ts";
import { openPage, type SearchParams } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Payouts" };

const load = createLoader(batchesSearch);

export default async function PayoutsPage({ searchParams }: { readonly searchParams: SearchParams }) {
  const { me, api } = await openPage("/payouts");
  const query = batchesQuery(await load(searchParams), 1, LIST_PAGE_SIZE);
  const [summary, initial] = await Promise.all([api.payouts.summary(), api.payouts.batches(query)]);
  return <PayoutsScreen me={me} summary={summary} initial={initial} initialQuery={query} />;
}
