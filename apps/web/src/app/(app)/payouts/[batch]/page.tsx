import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { BatchScreen } from "@/features/payouts/batch_screen.tsx";
import { openPage, orNotFound } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Payout batch" };

export default async function BatchPage({ params }: { readonly params: Promise<{ batch: string }> }) {
  const { batch } = await params;
  const { me, api } = await openPage(`/payouts/${batch}`);
  if (!/^[1-9]\d{0,8}$/.test(batch)) notFound();
  return <BatchScreen me={me} initial={await orNotFound(api.payouts.batch({ batch_id: Number(batch) }))} />;
}
