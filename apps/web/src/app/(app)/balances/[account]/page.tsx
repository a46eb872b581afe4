import type { Metadata } from "next";
import { AccountScreen } from "@/features/payouts/account_screen.tsx";
import { openPage, orNotFound } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Account" };

export default async function AccountPage({ params }: { readonly params: Promise<{ account: string }> }) {
  const { account } = await params;
  const { api } = await openPage(`/balances/${account}`);
  return <AccountScreen initial={await orNotFound(api.balances.get({ account_id: Number(account) }))} />;
}
