import type { Metadata } from "next";
import { Problem } from "@/components/ui/problem.tsx";
import { AddressForm } from "@/features/miner/address_form.tsx";
import { MinerScreen } from "@/features/miner/miner_screen.tsx";
import { UnknownMiner } from "@/features/miner/unknown_miner.tsx";
import { bridge } from "@/server/bridge.ts";

export const metadata: Metadata = { title: "Miner" };

export default async function MinerPage({ params }: { readonly params: Promise<{ address: string }> }) {
  const address = decodeURIComponent((await params).address);
  const found = await bridge().findMiner(address);
  if (found.kind === "found") return <MinerScreen initial={found.miner} />;
  return (
    <div className="mx-auto flex max-w-2xl flex-col gap-6 px-4 py-10">
      <h1 className="text-xl">
        {found.kind === "unknown"
          ? "This address has not mined here"
          : found.kind === "refused"
            ? "That is no address of this pool"
            : "The page cannot be shown now"}
      </h1>
      {found.kind === "unknown" ? (
        <UnknownMiner address={found.address} stratum_port={found.stratum_port} />
      ) : (
        <Problem title={found.kind === "refused" ? "The address was not accepted" : "The figures could not be fetched"}>
          {found.message}
        </Problem>
      )}
      <AddressForm value={address} />
    </div>
  );
}
