import type { Metadata } from "next";
import { createLoader } from "nuqs/server";
import { NotForYou } from "@/components/frame/not_for_you.tsx";
import { NoticesScreen } from "@/features/notices/notices_screen.tsx";
import { deliveriesQuery, noticesSearch } from "@/features/notices/notices_search.ts";
import { openPage, type SearchParams } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Notices" };

const load = createLoader(noticesSearch);

export default async function NoticesPage({ searchParams }: { readonly searchParams: SearchParams }) {
  const { me, api } = await openPage("/notices");
  if (me.role !== "owner" && me.role !== "operator") {
    return <NotForYou kicker="Administration · Notices" roles="owners and operators" />;
  }
  const query = deliveriesQuery(await load(searchParams), 1);
  const [notices, deliveries] = await Promise.all([api.notices.get(), api.notices.deliveries(query)]);
  return <NoticesScreen initial={notices} initialDeliveries={deliveries} initialQuery={query} />;
}
