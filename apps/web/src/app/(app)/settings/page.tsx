import type { Metadata } from "next";
import { SettingsScreen } from "@/features/settings/settings_screen.tsx";
import { openPage } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Settings" };

export default async function SettingsPage() {
  const { me } = await openPage("/settings");
  return <SettingsScreen me={me} />;
}
