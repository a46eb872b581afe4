import type { Metadata } from "next";
import { createLoader } from "nuqs/server";
import { LedgerScreen } from "@/features/payouts/ledger_screen.tsx";
import { ledgerQuery, ledgerSearch } from "@/features/payouts/ledger_search.ts";
import { LIST_PAGE_SIZE } from "@/lib/list_search.ts";
import { openPage, type SearchParams } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Ledger" };

const load = createLoader(ledgerSearch);

export default async function LedgerPage({ searchParams }: { readonly searchParams: SearchParams }) {
  const { me, api } = await openPage("/ledger");
  const query = ledgerQuery(await load(searchParams), 1, LIST_PAGE_SIZE);
  return <LedgerScreen me={me} initial={await api.ledger.list(query)} initialQuery={query} />;
}
