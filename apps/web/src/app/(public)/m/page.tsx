import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { AddressForm } from "@/features/miner/address_form.tsx";
import type { SearchParams } from "@/lib/server.ts";

export const metadata: Metadata = { title: "Your shares and payments" };

export default async function MinersPage({ searchParams }: { readonly searchParams: SearchParams }) {
  const { address } = await searchParams;
  if (typeof address === "string" && address.trim() !== "") redirect(`/m/${encodeURIComponent(address.trim())}`);
  return (
    <div className="mx-auto flex max-w-xl flex-col gap-4 px-4 py-10 sm:py-16">
      <h1 className="text-xl">See what you have mined and what you are owed</h1>
      <p className="text-sm text-ink-3">
        Enter the payout address that your miner logs in with. Everything is public and nothing needs a password: hashrate,
        workers, shares, blocks with your part in each, payouts, and a receipt for every block that this browser checks.
      </p>
      <AddressForm />
    </div>
  );
}
