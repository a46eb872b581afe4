import type { Metadata } from "next";
import { BlockScreen } from "@/features/pool/block_screen.tsx";
import { openPage, orNotFound } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Block" };

export default async function BlockPage({ params }: { readonly params: Promise<{ hash: string }> }) {
  const { hash } = await params;
  const { api } = await openPage(`/blocks/${hash}`);
  return <BlockScreen initial={await orNotFound(api.blocks.get({ hash }))} />;
}
