import type { Metadata } from "next";
import { createLoader } from "nuqs/server";
import { OverviewScreen } from "@/features/overview/overview_screen.tsx";
import { openPage, type SearchParams } from "@/lib/server.ts";
import { parseAsWindow } from "@/lib/window.ts";

export const metadata: Metadata = { title: "Overview" };

const load = createLoader({ window: parseAsWindow });

export default async function OverviewPage({ searchParams }: { readonly searchParams: SearchParams }) {
  const { api } = await openPage("/");
  return <OverviewScreen initial={await api.overview.get(await load(searchParams))} />;
}
