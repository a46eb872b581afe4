"use client";
import { Pickaxe } from "lucide-react";
import { CommandLine } from "@/components/ui/command_line.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { useInBrowser } from "@/lib/clock.tsx";

type UnknownMinerProps = { readonly address: string; readonly stratum_port: number | null };

/** An address that could mine here and has not yet: how to begin. */
export function UnknownMiner({ address, stratum_port }: UnknownMinerProps) {
  const inBrowser = useInBrowser();
  const pool = `stratum+tcp://${inBrowser ? location.hostname : "HOST"}:${stratum_port ?? 3333}`;
  return (
    <Empty icon={Pickaxe} title="Nobody has mined to this address here yet">
      <p>Point a miner at the pool with this login. The page fills with its first accepted share; you need no account.</p>
      <CommandLine label="With Otedama's own miner" command={`otedama miner --pool ${pool} --user ${address}.worker1`} />
      <CommandLine label="Pool address for an ASIC or any other miner" command={pool} />
      <CommandLine label="Login; the part after the dot names the machine" command={`${address}.worker1`} />
    </Empty>
  );
}
