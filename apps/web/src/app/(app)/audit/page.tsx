import type { Metadata } from "next";
import { createLoader } from "nuqs/server";
import { NotForYou } from "@/components/frame/not_for_you.tsx";
import { AuditScreen } from "@/features/audit/audit_screen.tsx";
import { auditQuery, auditSearch } from "@/features/audit/audit_search.ts";
import { openPage, type SearchParams } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Audit" };

const load = createLoader(auditSearch);

export default async function AuditPage({ searchParams }: { readonly searchParams: SearchParams }) {
  const { me, api } = await openPage("/audit");
  if (me.role !== "owner" && me.role !== "accountant") {
    return <NotForYou kicker="Administration · Audit" roles="owners and accountants" />;
  }
  const query = auditQuery(await load(searchParams));
  const [initial, choices] = await Promise.all([api.audit.list(query), api.audit.choices()]);
  return <AuditScreen initial={initial} initialQuery={query} choices={choices} />;
}
