import type { Metadata } from "next";
import { NodesScreen } from "@/features/nodes/nodes_screen.tsx";
import { openPage } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Nodes" };

export default async function NodesPage() {
  const { api } = await openPage("/nodes");
  return <NodesScreen initial={await api.nodes.list()} />;
}
