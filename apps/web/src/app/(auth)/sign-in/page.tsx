import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { NeedsSetup } from "@/features/auth/needs_setup.tsx";
import { SignInForm } from "@/features/auth/sign_in_form.tsx";
import { openPublicPage, type SearchParams } from "@/lib/server.ts";
import { whereTo } from "@/lib/where_to.ts";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignInPage({ searchParams }: { readonly searchParams: SearchParams }) {
  const { next } = await searchParams;
  const to = whereTo(typeof next === "string" ? next : null);
  const { me, api } = await openPublicPage();
  if (me !== null) redirect(to);
  const { needed } = await api.setup.status();
  return needed ? <NeedsSetup /> : <SignInForm to={to} />;
}
