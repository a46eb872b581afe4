import type { Metadata } from "next";
import { StatisticsScreen } from "@/features/pool/statistics_screen.tsx";
import { openPage } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Statistics" };

export default async function StatisticsPage() {
  const { api } = await openPage("/statistics");
  return <StatisticsScreen initial={await api.statistics.get()} />;
}
