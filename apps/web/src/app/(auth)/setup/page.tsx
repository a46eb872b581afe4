import type { Metadata } from "next";
import { SetupForm } from "@/features/auth/setup_form.tsx";
import { openPublicPage } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Set up", referrer: "no-referrer" };

export default async function SetupPage() {
  const { api } = await openPublicPage();
  const { needed } = await api.setup.status();
  return <SetupForm needed={needed} />;
}
