import type { Metadata } from "next";
import { createLoader } from "nuqs/server";
import { NotForYou } from "@/components/frame/not_for_you.tsx";
import { ProvisionScreen } from "@/features/provision/provision_screen.tsx";
import { provisionSearch } from "@/features/provision/provision_search.ts";
import { RunScreen } from "@/features/provision/run_screen.tsx";
import { openPage, orNotFound, type SearchParams } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Provision" };

const load = createLoader(provisionSearch);

export default async function ProvisionPage({ searchParams }: { readonly searchParams: SearchParams }) {
  const { me, api } = await openPage("/provision");
  if (me.role !== "owner" && me.role !== "operator") {
    return <NotForYou kicker="Fleet · Provision" roles="owners and operators" />;
  }
  const { run } = await load(searchParams);
  if (run !== null) return <RunScreen key={run} initial={await orNotFound(api.provision.get({ id: run }))} me={me} />;
  return <ProvisionScreen initial={await api.provision.overview()} />;
}
