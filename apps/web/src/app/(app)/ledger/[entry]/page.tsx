import type { Metadata } from "next";
import { EntryScreen } from "@/features/payouts/entry_screen.tsx";
import { openPage, orNotFound } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Ledger entry" };

export default async function EntryPage({ params }: { readonly params: Promise<{ entry: string }> }) {
  const { entry } = await params;
  const { api } = await openPage(`/ledger/${entry}`);
  return <EntryScreen entry={await orNotFound(api.ledger.get({ entry_id: entry }))} />;
}
