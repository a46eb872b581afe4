import type { Metadata } from "next";
import { InviteForm } from "@/features/auth/invite_form.tsx";
import { openPublicPage } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Join", referrer: "no-referrer" };

export default async function InvitePage() {
  // Rendered for each request: the scripts of a page that was made at build time would lack this request's nonce.
  await openPublicPage();
  return <InviteForm />;
}
