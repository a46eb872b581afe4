import type { Metadata } from "next";
import { PolicyScreen } from "@/features/pool/policy_screen.tsx";
import { openPage, orNotFound } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Pool settings" };

export default async function PolicyPage() {
  const { me, api } = await openPage("/policy");
  return <PolicyScreen me={me} initial={await orNotFound(api.policy.get())} />;
}
