import type { Metadata } from "next";
import { ReleasesScreen } from "@/features/releases/releases_screen.tsx";
import { openPage } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Releases" };

export default async function ReleasesPage() {
  const { me, api } = await openPage("/releases");
  const [releases, channels, rollouts] = await Promise.all([
    api.releases.list({}),
    api.releases.channels(),
    api.rollouts.list({}),
  ]);
  return <ReleasesScreen me={me} initial={{ releases, channels, rollouts }} />;
}
