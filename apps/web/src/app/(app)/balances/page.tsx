import type { Metadata } from "next";
import { createLoader } from "nuqs/server";
import { BalancesScreen } from "@/features/payouts/balances_screen.tsx";
import { balancesQuery, balancesSearch } from "@/features/payouts/balances_search.ts";
import { LIST_PAGE_SIZE } from "@/lib/list_search.ts";
import { openPage, type SearchParams } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Balances" };

const load = createLoader(balancesSearch);

export default async function BalancesPage({ searchParams }: { readonly searchParams: SearchParams }) {
  const { api } = await openPage("/balances");
  const query = balancesQuery(await load(searchParams), 1, LIST_PAGE_SIZE);
  return <BalancesScreen initial={await api.balances.list(query)} initialQuery={query} />;
}
