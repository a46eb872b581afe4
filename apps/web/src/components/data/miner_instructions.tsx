"use client";
import { CommandLine } from "@/components/ui/command_line.tsx";
import { usePoolAddress } from "@/lib/pool_address.tsx";

/** The exact thing to type, for our own miner and for any other. */
export function MinerInstructions() {
  const { address, known } = usePoolAddress();
  return (
    <div className="flex w-full flex-col gap-2">
      <CommandLine label="With Otedama's own miner" command={`otedama miner --pool ${address} --user ADDRESS.worker1`} />
      <CommandLine label="Pool address for an ASIC or any other miner" command={address} />
      <p className="text-xs text-ink-3">
        Put your payout address in the place of ADDRESS; the part after the dot names the machine. The password is not looked at.
        {known ? null : (
          <>
            {" "}
            No pool has reported its port yet; 3333 is the one unless your settings (<code>stratum.port</code>) say otherwise.
          </>
        )}
      </p>
    </div>
  );
}
